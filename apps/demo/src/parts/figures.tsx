/** Figures side by side, each under its name. */
export function Figures({ figures }: { readonly figures: Readonly<Record<string, string>> }) {
  return (
    <dl class="figures">
      {Object.entries(figures).map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

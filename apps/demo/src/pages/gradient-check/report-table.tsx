import type { GradientReport } from '@downhill/gradient-check';

/** A row for each parameter: the worst of its coordinates, and how many lie across a kink. */
export function ReportTable({ report }: { readonly report: GradientReport }) {
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label="Parameters">
      <table>
        <thead>
          <tr>
            {['parameter', 'analytic', 'numeric', 'relative error', 'kinks', 'verdict'].map((name) => (
              <th key={name} scope="col">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {report.parameters.map(({ name, worst, coordinates, verdict }) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td>{worst === null ? '–' : worst.analytic.toExponential(4)}</td>
              <td>{worst === null ? '–' : worst.numeric.toExponential(4)}</td>
              <td>{worst === null ? '–' : errorText(worst.error)}</td>
              <td>
                {coordinates.filter(({ kink }) => kink !== null).length} of {coordinates.length}
              </td>
              <td style={{ color: verdict === 'wrong' ? 'var(--bad)' : undefined }}>
                {verdict === 'wrong' ? <strong>wrong</strong> : verdict}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** What rounding explains is no error: the report gives 0 for it. */
function errorText(error: number): string {
  return error === 0 ? 'rounding' : error.toExponential(1);
}

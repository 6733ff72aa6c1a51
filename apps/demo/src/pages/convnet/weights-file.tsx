import { useSignal } from '@preact/signals';
import { Toggle } from '../../parts/fields.js';

export interface WeightsFileProps {
  readonly disabled: boolean;
  readonly onSave: (optimizer: boolean) => Promise<Blob>;
  /** Whether the file was one. */
  readonly onLoad: (file: File) => Promise<boolean>;
}

/** Weights to a file and from one. */
export function WeightsFile({ disabled, onSave, onLoad }: WeightsFileProps) {
  const optimizer = useSignal(true);
  const told = useSignal('');
  return (
    <section aria-labelledby="file-heading">
      <h2 id="file-heading">Keep it</h2>
      <p class="prose">
        Weights are saved as a safetensors file, which PyTorch and others read too, with the description of
        their network. Loading one brings its network and its settings back.
      </p>
      <Toggle
        label="With the rule’s own state, so that training goes on exactly where it stood"
        value={optimizer.value}
        onChange={(value) => {
          optimizer.value = value;
        }}
      />
      <div class="buttons">
        <button
          type="button"
          disabled={disabled}
          onClick={() => {
            void onSave(optimizer.value).then((blob) => {
              download(blob, 'downhill-digits.safetensors');
              told.value = `Saved ${Math.ceil(blob.size / 1000).toLocaleString('en')} kB.`;
            });
          }}
        >
          Save weights
        </button>
      </div>
      <label class="field">
        Load weights
        <input
          type="file"
          accept=".safetensors"
          disabled={disabled}
          onChange={({ currentTarget }) => {
            const file = currentTarget.files?.[0];
            // The same file can be chosen again.
            currentTarget.value = '';
            if (file === undefined) return;
            void onLoad(file).then((loaded) => {
              told.value = loaded ? `Loaded ${file.name}.` : '';
            });
          }}
        />
      </label>
      <p role="status">{told.value}</p>
    </section>
  );
}

function download(blob: Blob, name: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  // The browser has taken the file by then.
  setTimeout(() => {
    URL.revokeObjectURL(link.href);
  }, 60_000);
}

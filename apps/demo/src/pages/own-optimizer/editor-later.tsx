import { useEffect, useState } from 'preact/hooks';
import type { Editor, EditorProps } from './editor.js';

/** The editor, whose code is loaded when the rest of the page is there; until then the text alone. */
export function EditorLater(props: EditorProps) {
  const [Loaded, setLoaded] = useState<typeof Editor | undefined>(undefined);
  const [fault, setFault] = useState<string | undefined>(undefined);
  useEffect(() => {
    import('./editor.js').then(
      ({ Editor }) => {
        setLoaded(() => Editor);
      },
      (error: unknown) => {
        setFault(String(error));
      },
    );
  }, []);
  if (Loaded !== undefined) return <Loaded {...props} />;
  return (
    <>
      {fault !== undefined && (
        <p role="alert" class="fault">
          The editor could not be loaded: {fault}. Load the page again when the network is there.
        </p>
      )}
      <pre class="editor">{props.text}</pre>
    </>
  );
}

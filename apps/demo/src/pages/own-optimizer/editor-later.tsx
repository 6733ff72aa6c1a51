import { useEffect, useState } from 'preact/hooks';
import type { Editor, EditorProps } from './editor.js';

/** The editor, whose code is loaded when the rest of the page is there; until then the text alone. */
export function EditorLater(props: EditorProps) {
  const [Loaded, setLoaded] = useState<typeof Editor | undefined>(undefined);
  useEffect(() => {
    void import('./editor.js').then(({ Editor }) => {
      setLoaded(() => Editor);
    });
  }, []);
  return Loaded === undefined ? <pre class="editor">{props.text}</pre> : <Loaded {...props} />;
}

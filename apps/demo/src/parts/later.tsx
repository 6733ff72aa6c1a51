import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';

/** False at first, true in a task of its own right after: what is dear then does not hold up what stands before it. */
export function useLater(): boolean {
  const [due, setDue] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => {
      setDue(true);
    }, 0);
    return () => {
      clearTimeout(timer);
    };
  }, []);
  return due;
}

/** Parts of a page that come up in a task of their own, so that it answers meanwhile, on a slow phone too. */
export function Later({ children }: { readonly children: ComponentChildren }) {
  return useLater() ? <>{children}</> : null;
}

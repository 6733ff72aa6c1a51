import { wrap, type Remote } from 'comlink';
import { useEffect, useMemo } from 'preact/hooks';

/** A worker that lives as long as the component does, as its functions. */
export function useWorker<Api>(make: () => Worker): Remote<Api> {
  const [thread, api] = useMemo(() => {
    const thread = make();
    return [thread, wrap<Api>(thread)] as const;
  }, []);
  useEffect(
    () => () => {
      thread.terminate();
    },
    [],
  );
  return api;
}

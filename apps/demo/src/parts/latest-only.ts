/**
 * `work`, one call at a time: of the requests that come while one is being worked on only the last is kept, so that
 * something that is dragged is followed as fast as it goes and no queue grows.
 */
export function latestOnly<Request>(work: (request: Request) => Promise<void>): (request: Request) => void {
  let waiting: { readonly request: Request } | undefined;
  let busy = false;
  const go = async (): Promise<void> => {
    busy = true;
    try {
      for (let next = waiting; next !== undefined; next = waiting) {
        waiting = undefined;
        await work(next.request);
      }
    } finally {
      busy = false;
    }
  };
  return (request) => {
    waiting = { request };
    if (!busy) void go();
  };
}

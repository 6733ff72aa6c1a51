/**
 * Sees to it that the page is cross-origin isolated, without which there is no shared memory and so no threads. Where the
 * host does not send the headers that needs, a service worker adds them, and the page is loaded a second time; where that
 * cannot be had either, the page goes on with one thread.
 */
export async function ensureIsolation(): Promise<void> {
  if (crossOriginIsolated || !isSecureContext || !('serviceWorker' in navigator)) return;
  // Once: a page that is not isolated after it has been loaded again will not be.
  if (sessionStorage.getItem(TRIED) !== null) return;
  sessionStorage.setItem(TRIED, 'yes');
  try {
    const registration = await navigator.serviceWorker.register('./coi-serviceworker.js');
    await Promise.race([
      navigator.serviceWorker.ready,
      new Promise((resolve) => setTimeout(resolve, PATIENCE)),
    ]);
    if (registration.active === null) return;
    location.reload();
    await new Promise(() => {});
  } catch {
    // Refused, as in a private window: one thread, then.
  }
}

const TRIED = 'isolation-tried';
/** Milliseconds a service worker has to become ready: where it fails, that is never. */
const PATIENCE = 3000;

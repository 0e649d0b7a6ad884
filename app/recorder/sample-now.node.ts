/** Several wishes for a sample within this time are one: what the first of them reads serves all that came before it. */
const SAME_MS = 20;

/** Takes a sample at once, but not more often than every 20 ms: a wish that comes sooner is granted then. */
export function createSampleNow(take: () => void): { readonly ask: () => void; readonly stop: () => void } {
  let timer: NodeJS.Timeout | undefined;
  let again = false;
  function grant(): void {
    take();
    again = false;
    timer = setTimeout(() => {
      timer = undefined;
      if (again) grant();
    }, SAME_MS);
    timer.unref();
  }
  return {
    ask() {
      if (timer) again = true;
      else grant();
    },
    stop: () => clearTimeout(timer),
  };
}

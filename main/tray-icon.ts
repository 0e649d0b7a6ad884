/** What the tray icon shows: by shape as well as by colour. */
export type TrayState = 'ok' | 'warn' | 'act' | 'unknown';

export const TRAY_ICON_SIZE = 32;

// 3 × 5 dots a digit, one row a number
const font: Readonly<Record<string, readonly number[]>> = {
  '0': [7, 5, 5, 5, 7],
  '1': [2, 6, 2, 2, 7],
  '2': [7, 1, 7, 4, 7],
  '3': [7, 1, 7, 1, 7],
  '4': [5, 5, 7, 1, 1],
  '5': [7, 4, 7, 1, 7],
  '6': [7, 4, 7, 5, 7],
  '7': [7, 1, 2, 2, 2],
  '8': [7, 5, 7, 5, 7],
  '9': [7, 5, 7, 1, 7],
  '-': [0, 0, 7, 0, 0],
};

type Colour = readonly [red: number, green: number, blue: number];
const ink: Readonly<Record<TrayState, Colour>> = {
  ok: [238, 240, 243],
  warn: [33, 24, 0],
  act: [255, 255, 255],
  unknown: [150, 156, 166],
};
const ground: Readonly<Record<TrayState, Colour | undefined>> = {
  ok: [38, 42, 50],
  warn: [245, 166, 35],
  act: [200, 30, 30],
  unknown: undefined,
};

/** Distance of a pixel from the nearest corner along both edges: small sums are the corner itself. */
const cornerCut = (x: number, y: number): number =>
  Math.min(x, TRAY_ICON_SIZE - 1 - x) + Math.min(y, TRAY_ICON_SIZE - 1 - y);

/** ok: a square; warn: a square with a dark bar on top; act: an octagon; unknown: an empty frame. */
function inShape(state: TrayState, x: number, y: number): boolean {
  if (state === 'unknown') {
    const edge = Math.min(x, y, TRAY_ICON_SIZE - 1 - x, TRAY_ICON_SIZE - 1 - y);
    return edge < 2 && cornerCut(x, y) > 3;
  }
  return cornerCut(x, y) >= (state === 'act' ? 9 : 3);
}

/**
 * Draws the icon: up to three characters of digits or '-', on a shape. Returns TRAY_ICON_SIZE² pixels as BGRA bytes, as
 * nativeImage.createFromBitmap wants them.
 */
export function drawTrayIcon(text: string, state: TrayState): Uint8Array {
  const pixels = new Uint8Array(TRAY_ICON_SIZE ** 2 * 4);
  const put = (x: number, y: number, [red, green, blue]: Colour): void => {
    pixels.set([blue, green, red, 255], (y * TRAY_ICON_SIZE + x) * 4);
  };
  const fill = ground[state] ?? ink[state];
  for (let y = 0; y < TRAY_ICON_SIZE; y++) {
    for (let x = 0; x < TRAY_ICON_SIZE; x++) {
      if (!inShape(state, x, y)) continue;
      put(x, y, state === 'warn' && y < 5 ? ink.warn : fill);
    }
  }
  const characters = [...text].slice(0, 3);
  const dot = characters.length > 2 ? 2 : 4;
  const width = characters.length * 3 * dot + (characters.length - 1) * dot;
  const left = Math.round((TRAY_ICON_SIZE - width) / 2);
  const top = Math.round((TRAY_ICON_SIZE - 5 * dot) / 2) + (state === 'warn' ? 2 : 0);
  characters.forEach((character, index) => {
    font[character]?.forEach((row, dotY) => {
      for (let dotX = 0; dotX < 3; dotX++) {
        if (!(row & (4 >> dotX))) continue;
        for (let i = 0; i < dot * dot; i++) {
          put(left + (index * 4 + dotX) * dot + (i % dot), top + dotY * dot + Math.floor(i / dot), ink[state]);
        }
      }
    });
  });
  return pixels;
}

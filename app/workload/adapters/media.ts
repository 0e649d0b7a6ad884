import type { OutputUnit } from './ids.ts';

/** Kinds of output by the ending of their file. */
const endings: Readonly<Record<string, OutputUnit>> = {
  ...Object.fromEntries(
    ['png', 'jpg', 'jpeg', 'webp', 'avif', 'jxl', 'bmp', 'tif', 'tiff', 'exr', 'svg'].map((one) => [
      one,
      'image' as const,
    ]),
  ),
  ...Object.fromEntries(['mp4', 'webm', 'mkv', 'mov', 'avi', 'gif', 'apng'].map((one) => [one, 'video' as const])),
  ...Object.fromEntries(['wav', 'flac', 'mp3', 'opus', 'ogg', 'm4a', 'aac'].map((one) => [one, 'audio' as const])),
  ...Object.fromEntries(
    ['glb', 'gltf', 'obj', 'fbx', 'stl', 'ply', 'usdz', 'spz', 'splat', 'ksplat'].map((one) => [
      one,
      'model-3d' as const,
    ]),
  ),
};

/** What a file holds, by its name; undefined: something that is no picture, film, sound or shape. */
export function mediaOf(file: string): OutputUnit | undefined {
  const ending = /\.(\w+)$/.exec(file)?.[1]?.toLowerCase() ?? '';
  return Object.hasOwn(endings, ending) ? endings[ending] : undefined;
}

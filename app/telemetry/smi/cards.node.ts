import { execFile } from 'node:child_process';

/**
 * The PCI address of a card that the driver cannot reach, from what nvidia-smi then prints before it ends: "Unable to
 * determine the device handle for GPU0000:BA:80.0: Unknown Error".
 */
export function unreachableBus(output: string): string | undefined {
  const bus = /^Unable to determine the device handle for GPU ?([0-9A-F:]+\.[0-9A-F])/im.exec(output)?.[1];
  return bus?.replace(/^(?:0000){1,2}:/, '');
}

/** The cards that `nvidia-smi -L` lists, and the one that it cannot reach. It may name some and then fail. */
export const listCards = (
  program: string,
  timeoutMs: number,
): Promise<{ readonly uuids: readonly string[]; readonly lostBus: string | undefined }> =>
  new Promise((resolve) => {
    execFile(program, ['-L'], { timeout: timeoutMs, windowsHide: true }, (_, stdout, stderr) => {
      const uuids = [...stdout.matchAll(/^GPU \d+: .*\(UUID: (GPU-[\w-]+)\)/gm)].map((match) => match[1]!);
      resolve({ uuids, lostBus: unreachableBus(`${stdout}\n${stderr}`) });
    });
  });

import { ok, type Result } from '../../app/core/result.ts';
import { attach } from '../../app/recorder/socket/attach.node.ts';
import type { Attached, AttachEvents } from '../../app/recorder/socket/attached.ts';
import { folderPlaces, systemPlaces } from '../../app/recorder/socket/places.node.ts';
import type { Hello } from '../../app/recorder/socket/wire.ts';
import { sourceKindOf } from '../../app/telemetry/source-kinds.ts';
import type { SourceSpec } from '../../app/telemetry/sources.ts';

export type Wanted = {
  readonly dataFolder: string;
  readonly namesFolder: boolean;
  /** what the window was asked to show */
  readonly source: SourceSpec;
  /** the window's own recorder, which has a socket too */
  readonly exceptPid: number | undefined;
};

/** Whether a recorder shows what the window was asked for. Without a wish, whatever records into the folder is shown. */
function suits(hello: Hello, { source, exceptPid }: Wanted): boolean {
  if (hello.pid === exceptPid) return false;
  if (source.kind === 'auto') return true;
  // another recording than the wanted one would be shown as if it were that
  return source.kind !== 'replay' && sourceKindOf(source.kind).origin === hello.origin;
}

/** The same events, while the recorder suits. */
function whileSuitable(events: AttachEvents, suitable: () => boolean): AttachEvents {
  const gated = Object.entries(events).map(([name, take]) => [
    name,
    (...args: readonly unknown[]) => {
      if (suitable()) (take as (...args: readonly unknown[]) => void)(...args);
    },
  ]);
  return Object.fromEntries(gated) as AttachEvents;
}

/**
 * Attaches to the recorder of a data folder. A person who named neither a source nor a folder wants to see this machine's
 * cards: without a recorder of the folder, that of the machine is shown.
 * @returns undefined: none runs that suits. An error: one runs, and this window cannot attach to it.
 */
export async function findRecorder(wanted: Wanted, events: AttachEvents): Promise<Result<Attached | undefined>> {
  let suitable = true;
  const gated = whileSuitable(events, () => suitable);
  const { dataFolder, namesFolder, source } = wanted;
  const wantsMachine = source.kind === 'auto' && !namesFolder;
  const attached = await attach({
    find: () => [...folderPlaces(dataFolder), ...(wantsMachine ? systemPlaces() : [])],
    events: {
      ...gated,
      onAttached(hello) {
        suitable = suits(hello, wanted);
        gated.onAttached?.(hello);
      },
    },
  });
  if (!attached.ok) return attached.error.code === 'not-found' ? ok(undefined) : attached;
  if (suitable) return attached;
  attached.value.close();
  return ok(undefined);
}

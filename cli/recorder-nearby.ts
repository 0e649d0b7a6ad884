import { dataFolder } from '../app/core/folders.node.ts';
import { text } from '../app/core/i18n.ts';
import type { Origin } from '../app/core/origin.ts';
import { err, type Result } from '../app/core/result.ts';
import { attach } from '../app/recorder/socket/attach.node.ts';
import type { Attached, AttachEvents } from '../app/recorder/socket/attached.ts';
import { folderPlaces, systemPlaces } from '../app/recorder/socket/places.node.ts';
import type { Hello } from '../app/recorder/socket/wire.ts';
import { version } from '../app/recorder/socket/version.ts';
import type { SourceSpec } from '../app/telemetry/sources.ts';
import type { RecordingOptions } from './options.ts';

/** Whose numbers a source gives; undefined: whatever is found. */
const originOf = ({ kind }: SourceSpec): Origin | undefined =>
  kind === 'auto' ? undefined : kind === 'simulator' ? 'simulated' : kind === 'replay' ? 'replayed' : 'measured';

/** The recorder of another process, in words: "service, process 312". */
export const nameOf = ({ startedBy, scope, pid }: Pick<Hello, 'startedBy' | 'scope' | 'pid'>): string =>
  text('driver.holder', {
    by: text(scope === 'system' ? 'cli.recorderStatus.system' : `cli.recorderStatus.startedBy.${startedBy}`),
    pid,
  });

/** Names a recorder of another version, which the protocol allows. */
export const versionNote = (hello: Hello): readonly string[] =>
  hello.version === version
    ? []
    : [text('socket.olderOrNewer', { recorder: hello.version, own: version }), `  ${text('socket.restart')}`];

/**
 * Attaches to the recorder of the data folder. A person who named a source gets that one or an error, never others'
 * numbers under its name.
 */
export async function attachToFolder(options: RecordingOptions, events: AttachEvents): Promise<Result<Attached>> {
  const folder = dataFolder(options.dataDir);
  const attached = await attach({ find: () => folderPlaces(folder), events });
  const origin = originOf(options.source);
  if (!attached.ok || origin === undefined || attached.value.hello().origin === origin) return attached;
  const { source } = attached.value.hello();
  attached.value.close();
  return err('busy', text('cli.attach.otherSource', { folder, source }), text('cli.attach.otherSourceNext'));
}

/**
 * Attaches to the recorder of the machine, if the person named neither a source nor a folder: what they want to see is
 * this machine's cards, and those are recorded already.
 */
export async function attachToSystem(options: RecordingOptions, events: AttachEvents): Promise<Result<Attached>> {
  if (options.source.kind !== 'auto' || options.dataDir !== undefined) return err('not-found', text('socket.none'));
  return attach({ find: systemPlaces, events });
}

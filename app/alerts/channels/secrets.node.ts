import fs from 'node:fs';
import path from 'node:path';
import { writeAtomically } from '../../core/atomic-write.node.ts';
import { makeFolder } from '../../core/folders.node.ts';
import { text } from '../../core/i18n.ts';
import { readOwnFile } from '../../core/read-input.node.ts';
import { err, messageOf, ok, type Result } from '../../core/result.ts';
import { z } from '../../core/zod.ts';
import { alertChannels, type AlertChannelId } from './channels.ts';
import type { Secrets } from './slot.ts';
import type { SecretPlace } from './state.ts';

const MOST_BYTES = 256 * 1024;
/** A systemd credential of this name, with the same content as the file (systemd.exec(5), LoadCredential=). */
export const CREDENTIAL = 'slowburn-secrets';

export const secretsFile = (folder: string): string => path.join(folder, 'secrets.json');

/** channel → name → value */
const content = z.record(z.string(), z.record(z.string(), z.string()));
type Content = z.infer<typeof content>;

export type SecretStore = {
  /** Those of a channel by name. An error says that they cannot be read, never what they are. */
  readonly of: (channel: AlertChannelId) => Result<Secrets>;
  /** changes whenever one of the files does */
  readonly mark: () => string;
  /** @param value null: removes it */
  readonly set: (channel: AlertChannelId, name: string, value: string | null) => Result<undefined>;
};

function parse(file: string): Result<Content> {
  const unreadable = () =>
    err(
      'settings-unreadable',
      text('channel.secrets.damaged', { file: path.basename(file) }),
      text('channel.secrets.damagedNext'),
    );
  const found = readOwnFile(file, MOST_BYTES);
  if (!found.ok) return found;
  if (!found.value) return ok({});
  try {
    const read = content.safeParse(JSON.parse(found.value.toString('utf8')));
    return read.success ? ok(read.data) : unreadable();
  } catch {
    return unreadable(); // the parser's own message quotes the text
  }
}

function markOf(file: string): string {
  try {
    const stat = fs.statSync(file, { throwIfNoEntry: false });
    return stat === undefined ? '' : `${stat.ino} ${stat.size} ${stat.mtimeMs}`;
  } catch (thrown) {
    return messageOf(thrown); // reading it says why
  }
}

/**
 * Secrets of channels: addresses and tokens that allow anyone to send. They lie in a file of the data folder that only its
 * owner can read, beside the settings and not in them, and in a systemd credential, which goes first. The files are read at
 * each use, so that a change counts at once.
 * @param credentials folder of the credentials of a service
 */
export function openSecrets(folder: string, credentials = process.env['CREDENTIALS_DIRECTORY']): SecretStore {
  const file = secretsFile(folder);
  const credential = credentials === undefined ? undefined : path.join(credentials, CREDENTIAL);
  return {
    of(channel) {
      const own = parse(file);
      const given: Result<Content> = credential !== undefined && fs.existsSync(credential) ? parse(credential) : ok({});
      if (!given.ok) return given;
      if (!own.ok) return own;
      const pick = (found: Content, place: SecretPlace) =>
        alertChannels[channel].secrets.flatMap((name) => {
          const value = found[channel]?.[name];
          return value ? [[name, { value, place }] as const] : [];
        });
      return ok(Object.fromEntries([...pick(own.value, 'file'), ...pick(given.value, 'credential')]));
    },
    mark: () => [file, credential].map((one) => (one === undefined ? '' : markOf(one))).join(),
    set(channel, name, value) {
      const before = parse(file);
      if (!before.ok) return before;
      const others = Object.fromEntries(
        Object.entries(before.value[channel] ?? {}).filter(([other]) => other !== name),
      );
      const after = { ...before.value, [channel]: value === null ? others : { ...others, [name]: value } };
      try {
        makeFolder(folder);
        writeAtomically(file, `${JSON.stringify(after, null, 2)}\n`);
        return ok(undefined);
      } catch (thrown) {
        return err('write-failed', text('channel.secrets.notSaved', { reason: messageOf(thrown) }));
      }
    },
  };
}

import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { messageOf, err, ok, type Result } from '../../core/result.ts';
import { PRIVATE_FILE } from '../../core/private-files.node.ts';
import { syncFolder, writeAtomically } from '../../core/atomic-write.node.ts';
import { text } from '../../core/i18n.ts';
import type { TypeOf } from '../../core/schema.ts';
import { z } from '../../core/zod.ts';
import { readInput } from '../../core/read-input.node.ts';
import { energyTotal } from './energy-total.ts';

/** What must outlive the recorder: nothing that was published may be contradicted or left behind. */
const stateSchema = z.object({
  /** random: names this recorder on the broker */
  node: z.string().regex(/^[a-z0-9]{1,32}$/),
  /** by UUID. null: no energy was ever measured */
  cards: z.record(z.string(), z.object({ name: z.string(), energy: energyTotal.nullable() })).default({}),
  /** retained topics that are on the broker, in the order in which they are to be removed */
  announced: z.array(z.string()).default([]),
});
export type MqttState = TypeOf<typeof stateSchema>;

const LARGEST = 1024 * 1024;

export const mqttStateFile = (folder: string): string => path.join(folder, 'mqtt.json');

/** Folders whose state is in use: whoever holds it is the only one that writes it. */
const held = new Set<string>();
export const isHeld = (folder: string): boolean => held.has(folder);
/** @returns ends the use */
export function holdMqttState(folder: string): () => void {
  held.add(folder);
  return () => held.delete(folder);
}

const fresh = (): MqttState => ({ node: randomBytes(4).toString('hex'), cards: {}, announced: [] });

/** The stored state; undefined if there is none, or if it is damaged. */
export function readMqttState(folder: string): MqttState | undefined {
  const read = readInput(mqttStateFile(folder), LARGEST);
  if (!read.ok) return undefined;
  try {
    return stateSchema.safeParse(JSON.parse(read.value.toString())).data;
  } catch {
    return undefined;
  }
}

/** The stored state. Without one a new one begins: another recorder for Home Assistant, with its energy at 0. */
export function openMqttState(folder: string): MqttState {
  const stored = readMqttState(folder);
  if (stored) return stored;
  const state = fresh();
  try {
    writeAtomically(mqttStateFile(folder), `${JSON.stringify(state)}\n`);
  } catch {
    // the next write reports it; nothing is announced before that one succeeds
  }
  return state;
}

/**
 * Replaces the stored state and survives a power cut, like `writeAtomically`, but does not block: it is written while
 * samples are taken.
 */
export async function writeMqttState(folder: string, state: MqttState): Promise<Result<undefined>> {
  const file = mqttStateFile(folder);
  const temporary = `${file}.${process.pid}.tmp`;
  try {
    await fs.promises.rm(temporary, { force: true });
    await fs.promises.writeFile(temporary, `${JSON.stringify(state)}\n`, {
      mode: PRIVATE_FILE,
      flag: 'wx',
      flush: true,
    });
    await fs.promises.rename(temporary, file);
    syncFolder(folder);
    return ok(undefined);
  } catch (thrown) {
    await fs.promises.rm(temporary, { force: true }).catch(() => undefined);
    return err('write-failed', text('mqtt.notSaved', { why: messageOf(thrown) }), text('mqtt.notSavedNext'));
  }
}

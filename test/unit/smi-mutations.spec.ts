import fc from 'fast-check';
import fs from 'node:fs';
import { describe, expect, it } from 'vitest';
import { csvDecoder } from '../../app/telemetry/logs/csv-row.ts';
import { readRecording } from '../../app/telemetry/replay/recording.ts';
import { decodeDocument } from '../../app/telemetry/smi/document.ts';
import type { SmiGpu } from '../../app/telemetry/smi/gpu.ts';
import { decodeText } from '../../app/telemetry/smi/text.ts';
import { mutate, mutations, type Mutation, type Shape } from '../support/mutations.ts';
import { recordings } from '../support/shared.ts';
import { cellsOfCsv, cellsOfText, cellsOfXml, inventions, standsAsBytes, type Cells } from '../support/traceable.ts';

// 10,000 changed documents in all. SLOWBURN_MUTATIONS=200000 runs more of them, on every recording there is.
const more = Number(process.env['SLOWBURN_MUTATIONS'] ?? 0);
const runs = (share: number) => ({ numRuns: Math.max(10_000, more) * share, seed: 20260302, endOnFailure: more > 0 });
const hours = 3_600_000;

const documents = (pattern: RegExp): readonly string[] =>
  recordings((name) => pattern.test(name) && (more > 0 || name.startsWith('own/'))).map(({ file }) =>
    fs.readFileSync(file, 'utf8'),
  );

/** Says what in decoded GPUs cannot have come from the text. */
function inventedIn(gpus: readonly SmiGpu[], all: Cells): readonly string[] {
  const { cells } = all;
  return gpus.flatMap(({ gpu, frame, processes, mig }) => [
    ...inventions(frame, all),
    ...(gpu.uuid.startsWith('PCI-') || cells.some((cell) => cell.text === gpu.uuid) ? [] : [`uuid ${gpu.uuid}`]),
    ...processes.filter(({ pid }) => !cells.some((cell) => Number(cell.text) === pid)).map(({ pid }) => `pid ${pid}`),
    ...mig.filter(({ index }) => !cells.some((cell) => Number(cell.text) === index)).map(({ index }) => `mig ${index}`),
    ...[
      ...processes.map(({ vramBytes }) => vramBytes),
      ...mig.flatMap((one) => [one.vramUsedBytes, one.vramTotalBytes]),
    ]
      .filter((bytes) => bytes !== undefined && !standsAsBytes(bytes, all))
      .map((bytes) => `memory ${bytes}`),
  ]);
}

type Form = Shape & {
  readonly name: string;
  readonly documents: readonly string[];
  readonly share: number;
  /** decodes, and says what was invented; undefined when the document is refused */
  readonly invented: (text: string) => readonly string[] | undefined;
};

const forms: readonly Form[] = [
  {
    name: 'of nvidia-smi -q -x',
    documents: documents(/\.xml$/),
    cell: /(?<=>)[^<>\n]+(?=<\/)/g,
    section: /(?=(?<all><(\w+)>\s*<(?!\/)[^]*?<\/\2>))/g,
    flat: (section, word) => section.replace(/^(<(\w+)>)[^]*$/, (_, start, tag) => `${start}${word}</${tag}>`),
    share: 0.4,
    invented(text) {
      const decoded = decodeDocument(text);
      return decoded.ok ? inventedIn(decoded.value.gpus, cellsOfXml(text)) : undefined;
    },
  },
  {
    name: 'of nvidia-smi -q',
    documents: documents(/nvidia-smi-query\.|query-q\.txt$/),
    cell: /(?<= : )[^\n]+/g,
    section: /^(?=(?<all>( +)[^:\n]*\n(?:\2 +.*\n)+))/gm,
    flat: (section, word) => `${section.split('\n')[0]} : ${word}\n`,
    share: 0.3,
    invented(text) {
      const decoded = decodeText(text);
      return decoded.ok ? inventedIn(decoded.value.gpus, cellsOfText(text)) : undefined;
    },
  },
  {
    name: 'of nvidia-smi --query-gpu',
    documents: documents(/(sample-output|p100|two-cards)\.csv$|query-gpu-csv.*\.txt$|gpu_exporter\/query\.txt$/),
    cell: /(?<=^|, )[^,\n]+/gm,
    section: /^(?=(?<all>.*$))/gm,
    flat: (_, word) => word,
    share: 0.3,
    invented(text) {
      const [header = '', ...rows] = text.split(/\r?\n/);
      const decoder = csvDecoder(header);
      if (!decoder.ok) return undefined;
      const cells = cellsOfCsv(text);
      return rows.flatMap((row) => {
        const decoded = decoder.value.row(row);
        return decoded ? inventions(decoded.frame, cells) : [];
      });
    },
  },
];

describe.each(forms)('a document $name', ({ documents: base, share, invented, ...shape }) => {
  it(
    'that is damaged in any way is refused, or read without a number that does not stand in it',
    () => {
      let read = 0;
      let total = 0;
      const change = (text: string, changes: readonly Mutation[]) =>
        changes.reduce((now, mutation) => mutate(now, shape, mutation), text);
      fc.assert(
        fc.property(fc.constantFrom(...base), mutations, (text, changes) => {
          const damaged = change(text, changes);
          const found = invented(damaged);
          total++;
          if (found) read++;
          expect(found ?? []).toEqual([]);
          if (total % 4 === 0) readRecording(damaged, 'damaged'); // a person may play anything
        }),
        runs(share),
      );
      expect(read / total).toBeGreaterThan(0.25); // refusing all of them would prove nothing
    },
    more > 0 ? hours : 60_000,
  );

  it('is read without invention when nothing was done to it', () => {
    for (const text of base) expect(invented(text)).toEqual([]);
  });
});

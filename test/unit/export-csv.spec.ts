import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { csvReader, textCell } from '../../app/exchange/csv.ts';

/** Columns in another order than Slowburn writes them, as after an edit in a spreadsheet. */
const HEADER = 'gpu_pci_bus_id,gpu_name,time,gpu,gpu_index,dt [ms],powerW [W],states,reasons';

const read = (pciBusId: string, name: string, reasons = '') =>
  csvReader(HEADER)!.line(
    `${textCell(pciBusId)},${textCell(name)},2026-01-02T03:04:05.000Z,GPU-1,0,1000,200,v,${textCell(reasons)}`,
  )?.gpu;

describe('a line of an export as CSV', () => {
  it.each([
    ['', 'A "B", C'],
    ['', '","'],
    ['0000:01:00.0', ''],
    ['', ''],
  ])('keeps its cells %j and %j, also where the first one is empty', (pciBusId, name) => {
    expect(read(pciBusId, name)).toEqual({ uuid: 'GPU-1', index: 0, name, pciBusId });
  });

  it('gives back every text that was written into it', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (pciBusId, name) => {
        expect(read(pciBusId, name)).toMatchObject({ name, pciBusId });
      }),
    );
  });

  it('is not read where a cell is missing', () => {
    expect(csvReader(HEADER)!.line(',"A",2026-01-02T03:04:05.000Z,GPU-1,0,1000,200,v')).toBeUndefined();
  });
});

import { describe, expect, it } from 'vitest';
import { metricOf } from '../../app/metrics/metrics.ts';
import { parseCell } from '../../app/telemetry/smi/cell.ts';

const core = metricOf('coreTempC');
const power = metricOf('powerW');
const vram = metricOf('vramUsedBytes');

describe('a cell of nvidia-smi', () => {
  it('is a number with a unit of the right kind', () => {
    expect(parseCell('67 C', core)).toEqual({ value: 67 });
    expect(parseCell('  350.00 W ', power)).toEqual({ value: 350 });
    expect(parseCell('20475 MiB', vram)).toEqual({ value: 20475 * 2 ** 20 });
    expect(parseCell('-2 C', metricOf('tempMarginK'))).toEqual({ value: -2 });
    expect(parseCell('123 us', metricOf('throttledSwPowerUs'))).toEqual({ value: 123 });
  });

  it('takes the unit of the column when it has none itself, and none otherwise', () => {
    expect(parseCell('46.19', power, 'W')).toEqual({ value: 46.19 });
    expect(parseCell('46.19', power)).toEqual({ absent: 'failed' });
  });

  it('is not read with a unit of another kind', () => {
    expect(parseCell('67 W', core)).toEqual({ absent: 'failed' });
    expect(parseCell('67 F', core)).toEqual({ absent: 'failed' });
    expect(parseCell('67 C', vram)).toEqual({ absent: 'failed' });
    expect(parseCell('67 constructor', core)).toEqual({ absent: 'failed' });
    expect(parseCell('67', power, 'toString')).toEqual({ absent: 'failed' });
  });

  it.each([
    ['N/A', 'unsupported'],
    ['[N/A]', 'unsupported'],
    ['[Not Supported]', 'unsupported'],
    ['Requested functionality has been deprecated', 'unsupported'],
    ['', 'unsupported'],
    ['[Insufficient Permissions]', 'denied'],
    ['GPU is lost', 'lost'],
    ['[GPU requires reset]', 'lost'],
    ['ERR!', 'failed'],
    ['[Unknown Error]', 'failed'],
    ['12 34 C', 'failed'],
    ['1e3 W', 'failed'],
    ['0x10', 'failed'],
  ])('says %j is %s', (text, absent) => {
    expect(parseCell(text, power)).toEqual({ absent });
  });

  it('reads a performance state, and no other word', () => {
    const pstate = metricOf('pstate');
    expect(parseCell('P8', pstate)).toEqual({ value: 8 });
    expect(parseCell('P', pstate)).toEqual({ absent: 'failed' });
    expect(parseCell('8', pstate)).toEqual({ absent: 'failed' });
    expect(parseCell(undefined, pstate)).toEqual({ absent: 'unsupported' });
  });

  it('reads the words for a state, and no others', () => {
    expect(parseCell('Enabled', metricOf('eccMode'))).toEqual({ value: 1 });
    expect(parseCell('No', metricOf('remapFailure'))).toEqual({ value: 0 });
    expect(parseCell('Drain and Reset', metricOf('recoveryAction'))).toEqual({ value: 4 });
    expect(parseCell('1', metricOf('eccMode'))).toEqual({ absent: 'failed' });
    expect(parseCell('constructor', metricOf('eccMode'))).toEqual({ absent: 'failed' });
  });

  it('reads lanes, banks and rates in their own units', () => {
    expect(parseCell('16x', metricOf('pcieWidth'))).toEqual({ value: 16 });
    expect(parseCell('192 bank(s)', metricOf('remapBanksMax'))).toEqual({ value: 192 });
    expect(parseCell('2.1', metricOf('pcieReplays'))).toEqual({ absent: 'failed' });
    expect(parseCell('341 KB/s', metricOf('pcieRxBytesPerS'))).toEqual({ value: 341_000 });
  });
});

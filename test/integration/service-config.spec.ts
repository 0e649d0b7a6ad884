import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { configFiles, loadConfig } from '../../cli/service/config.ts';
import { temporaryFolder } from '../support/folders.ts';

function fileWith(content: string): string {
  const file = path.join(temporaryFolder(), 'config.json');
  fs.writeFileSync(file, content);
  return file;
}
const MISSING = '/nonexistent/config.json';

describe('the configuration of the service', () => {
  it('is looked for where XDG and the system say, or only where SLOWBURN_CONFIG says', () => {
    const system = '/etc/slowburn/config.json';
    expect(configFiles({}, '/home/u')).toEqual(['/home/u/.config/slowburn/config.json', system]);
    expect(configFiles({ XDG_CONFIG_HOME: '/c' }, '/home/u')).toEqual(['/c/slowburn/config.json', system]);
    expect(configFiles({ SLOWBURN_CONFIG: '/x.json' }, '/home/u')).toEqual(['/x.json']);
  });

  it('is the first file that exists; none at all is fine', () => {
    const file = fileWith('{"source": "simulator:2", "interval": 0.5}');
    const second = fileWith('{"interval": 2}');
    expect(loadConfig({}, [MISSING, file, second])).toEqual({
      ok: true,
      value: { source: { kind: 'simulator', count: 2 }, interval: 500 },
    });
    expect(loadConfig({}, [MISSING])).toEqual({ ok: true, value: {} });
  });

  it('gives way to the environment, value by value; an empty variable is none', () => {
    const file = fileWith('{"source": "simulator:2", "interval": 0.5}');
    const source = { kind: 'simulator', count: 2 };
    expect(loadConfig({ SLOWBURN_INTERVAL: '2' }, [file])).toMatchObject({ value: { source, interval: 2000 } });
    expect(loadConfig({ SLOWBURN_SOURCE: 'nvml' }, [file])).toMatchObject({
      value: { source: { kind: 'nvml' }, interval: 500 },
    });
    expect(loadConfig({ SLOWBURN_SOURCE: '', SLOWBURN_INTERVAL: '' }, [file])).toMatchObject({
      value: { source, interval: 500 },
    });
  });

  it.each([
    ['{"interval": 0.1}', true],
    ['{"interval": 5}', true],
    ['{"interval": 0.09}', false],
    ['{"interval": 5.01}', false],
    ['{"interval": "1"}', false],
    ['{"source": "nvlm"}', false],
    ['{"sorce": "nvml"}', false],
    ['[]', false],
    ['{', false],
  ])('%s: accepted %s, else an error that names the file', (content, accepted) => {
    const file = fileWith(content);
    const read = loadConfig({}, [file]);
    expect(read.ok).toBe(accepted);
    if (!read.ok) {
      expect(read.error.message).toContain(file);
      expect(read.error.next).toBeTruthy();
    }
  });

  it.each(['abc', '-1', '0', '6'])('SLOWBURN_INTERVAL=%s is an error that names the variable', (value) => {
    const read = loadConfig({ SLOWBURN_INTERVAL: value }, [MISSING]);
    expect(read).toMatchObject({ ok: false, error: { message: expect.stringContaining('SLOWBURN_INTERVAL') } });
  });
});

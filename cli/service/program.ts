import { fileURLToPath } from 'node:url';
import { threads } from '../options.ts';

/** A command that a service manager starts: absolute paths, no shell, no npm. */
export type ServiceProgram = {
  readonly command: readonly [string, ...string[]];
  readonly environment: { readonly SLOWBURN_DATA_DIR: string };
};

/** As ./slowburn starts Node: little memory is kept, and V8 wakes no helper threads. */
const NODE_OPTIONS = ['--max-semi-space-size=1', '--v8-pool-size=1', '--single-threaded'];

/**
 * How the service records: this very Node and this very program, into a folder that is named, because a service manager
 * may not have the variables that the default one depends on.
 */
export const serviceProgram = (folder: string): ServiceProgram => ({
  command: [process.execPath, ...NODE_OPTIONS, fileURLToPath(new URL('slowburn.js', threads)), 'record'],
  environment: { SLOWBURN_DATA_DIR: folder },
});

import zlib from 'node:zlib';
import { text } from '../../core/i18n.ts';
import { blockFormats, type Packer } from './blocks.ts';

const { BROTLI_PARAM_QUALITY, BROTLI_PARAM_LGWIN, BROTLI_PARAM_SIZE_HINT } = zlib.constants;
/** Measured on byte planes of real and simulated cards: 5 is within 1 % of 9 and twice to four times as fast. */
const QUALITY = 5;
const WINDOW = 17; // 128 KiB: more than a block

/** zstd came to node:zlib with Node 22.15; older runtimes, which Slowburn supports, have brotli alone. */
const unzstd = (zlib as { zstdDecompressSync?: (bytes: Uint8Array) => Buffer }).zstdDecompressSync;

/** Compresses with brotli, which every supported runtime reads; reads zstd where the runtime can. */
export const packer: Packer = {
  pack: (bytes) => ({
    format: blockFormats.brotli,
    bytes: zlib.brotliCompressSync(bytes, {
      params: {
        [BROTLI_PARAM_QUALITY]: QUALITY,
        [BROTLI_PARAM_LGWIN]: WINDOW,
        [BROTLI_PARAM_SIZE_HINT]: bytes.length,
      },
    }),
  }),
  unpack(format, bytes) {
    if (format === blockFormats.brotli) return zlib.brotliDecompressSync(bytes);
    if (format === blockFormats.zstd && unzstd) return unzstd(bytes);
    throw new Error(text('historyFile.compression', { format }));
  },
};

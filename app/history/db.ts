import type Database from 'better-sqlite3';
import type { Packer } from './codec/blocks.ts';

/** An opened history: SQLite, and the compressor of its sealed parts. */
export type Db = Database.Database & { readonly packer: Packer };

/** An export that is not as Slowburn wrote it. Caught where a file is imported. */
export class DamagedExport extends Error {}

/** An export was changed since Slowburn wrote it. The import catches this. */
export class DamagedExport extends Error {}

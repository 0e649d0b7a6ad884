/** How long work reports its progress, and learns that it was cancelled. */
export type JobControl = {
  readonly progress: (done: number, total: number) => void;
  readonly cancelled: () => boolean;
};

/** Long work reports its progress through this and checks whether it was cancelled. */
export type JobControl = {
  readonly progress: (done: number, total: number) => void;
  readonly cancelled: () => boolean;
};

import { createExposure, feedExposure, mergeExposure, type ExposureSample, type ExposureState } from './exposure.ts';

export type Stretches = {
  readonly feed: (sample: ExposureSample) => void;
  readonly whole: () => ExposureState;
};

/**
 * Feeds samples that need not be in the order of time: an imported log arrives after what was recorded later. Where a
 * sample goes back in time a new stretch begins, so that no swing is counted between two that did not follow each other;
 * stretches are added up.
 * @param start the state so far, which samples after it go on with
 */
export function createStretches(start: ExposureState): Stretches {
  let before: ExposureState | undefined;
  let stretch = start;
  const whole = (): ExposureState => (before ? mergeExposure(before, stretch) : stretch);
  return {
    feed(sample) {
      if (stretch.lastMs !== undefined && sample.tsMs < stretch.lastMs) {
        before = whole();
        stretch = createExposure();
      }
      feedExposure(stretch, sample);
    },
    whole,
  };
}

// Evaluators of energy.
import { burstReadings, counterEnergy, joulesOfKwh, trapezoidJ } from '../../app/workload/energy/energy.ts';
import type { Evaluator } from './inputs.ts';

export const energyEvaluators: Readonly<Record<string, Evaluator>> = {
  energy_trapezoid: ({ nums }) => ({
    E: () => {
      const [t, p] = [nums('t'), nums('P')];
      return t.slice(1).reduce((sum, _, i) => sum + trapezoidJ(p[i]!, p[i + 1]!, (t[i + 1]! - t[i]!) * 1000), 0);
    },
  }),
  energy_counter: ({ nums }) => {
    const energy = () => counterEnergy(nums('readings'));
    return {
      E_observed: () => energy().observedJ,
      E_since_reload_unattributed: () => energy().unattributedJ,
      resets: () => energy().resets,
    };
  },
  energy_attention: ({ num }) => {
    const seen = () =>
      burstReadings({
        periodMs: num('T_update'),
        windowMs: num('W'),
        onMs: num('on_ms'),
        onW: num('P_on'),
        offW: num('P_off'),
      });
    return {
      true_mean: () => seen().trueW,
      reported_if_window_on_burst: () => seen().onBurstW,
      reported_if_window_off_burst: () => seen().offBurstW,
      error_on: () => seen().onBurstW / seen().trueW - 1,
      error_off: () => seen().offBurstW / seen().trueW - 1,
    };
  },
  energy_per_image: ({ num }) => ({
    J_per_image: () => (num('avg_power') * num('batch_latency')) / num('batch', 1),
  }),
  energy_per_token: ({ num }) => ({ J_per_token: () => num('avg_power') / num('throughput') }),
  energy_reference: ({ nums, num }) => ({
    Wh_each: () => nums('kWh_per_1000'), // kWh for a thousand is Wh for one
    J_each: () => nums('kWh_per_1000').map((kwh) => joulesOfKwh(kwh / 1000)),
    ratio: () => num('high') / num('low'),
    J_high: () => joulesOfKwh(num('high')),
    J_low: () => joulesOfKwh(num('low')),
  }),
  energy_error_band: ({ num }) => ({ abs_error: () => num('P') * num('gain_error') }),
};

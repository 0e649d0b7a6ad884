import type http from 'node:http';
import { onTestFinished } from 'vitest';
import { openMeter } from '../../app/workload/meter/proxy.node.ts';
import { serve } from './loopback-server.ts';

/** A server, and a metering proxy in front of it. */
export async function meterBefore(handler: http.RequestListener) {
  const { port: behind, seen } = await serve(handler);
  const opened = await openMeter({ to: new URL(`http://127.0.0.1:${behind}`), port: 0 });
  if (!opened.ok) throw new Error(opened.error.message);
  onTestFinished(opened.value.close);
  const base = `http://127.0.0.1:${opened.value.port}`;
  return { ...opened.value, base, behind, seen };
}

export const until = async (done: () => boolean): Promise<void> => {
  while (!done()) await new Promise((resolve) => setTimeout(resolve, 10));
};

// The collector's process: app/collector.node.ts and a port to the window's host, nothing else.
import { openCollector } from '../../app/recorder/collector.node.ts';
import type { Collector } from '../../app/recorder/collector.ts';
import type { FromCollector, ToCollector } from '../../app/recorder/collector-messages.ts';
import { setLanguage, text } from '../../app/core/i18n.ts';
import { err, ok } from '../../app/core/result.ts';
import { systemLanguage } from '../../app/core/system-language.node.ts';
import { notes, printFault } from '../terminal.ts';

setLanguage(systemLanguage);

const port = process.parentPort;
const send = (message: FromCollector): void => port.postMessage(message);
const ANSWER_FIRST_MS = 100;
const PUSH_EVERY_MS = 90; // a recording may be played at hundreds of ticks a second; people see no more than ten

/** settings that arrive while the collector is being opened */
let changed: Extract<ToCollector, { type: 'settings' }> | undefined;
let collector: Collector | undefined;
let lastPushMs = -Infinity;

async function start({ config, keepsFolderMs }: Extract<ToCollector, { type: 'start' }>): Promise<void> {
  const startedMs = performance.now();
  const opened = await openCollector(
    config,
    {
      onTick(tick) {
        const now = performance.now();
        if (now - lastPushMs < PUSH_EVERY_MS && !tick.fault && !tick.gap) return;
        lastPushMs = now;
        send({ type: 'tick', tick });
      },
      onAlerts: (firing, told, cleared) => send({ type: 'alerts', firing, told, cleared }),
      onSessions: () => send({ type: 'sessions' }),
      onAction: (action) => send({ type: 'action', action }),
      onCost: (cost) => send({ type: 'cost', cost }),
      onNotice(notice) {
        notes.say(notice.message, `  ${notice.next}`);
        send({ type: 'notice', notice });
      },
      onPrices: (book) => send({ type: 'prices', book }),
      onJob: (job) => send({ type: 'job', job }),
      onHandOver() {
        if (performance.now() - startedMs < keepsFolderMs)
          return err('busy', text('recorder.keepsFolderNow'), text('recorder.keepsFolderNowNext'));
        send({ type: 'handing-over' });
        setTimeout(() => void stop(), ANSWER_FIRST_MS);
        return ok(undefined);
      },
      // the next collector moves the damaged file aside and starts a new one
      onDamaged: () => setTimeout(() => process.exit(1), 100),
    },
    new URL('.', import.meta.url),
  );
  if (!opened.ok) {
    send({ type: 'failed', error: opened.error });
    setTimeout(() => process.exit(0), 100); // the message first
    return;
  }
  collector = opened.value;
  if (changed) collector.applySettings(changed.settings, changed.suspended);
  send({ type: 'started', setAside: collector.setAside });
}

/** Ends recording, and this process with a code that says whether everything is on the disk. */
async function stop(): Promise<void> {
  const stopped = await collector?.stop();
  if (stopped?.ok === false) notes.say(stopped.error.message, `  ${stopped.error.next ?? ''}`);
  process.exit(stopped?.ok === false ? 1 : 0);
}

port.on('message', ({ data }: { data: ToCollector }) => {
  switch (data.type) {
    case 'start':
      void start(data);
      return;
    case 'settings':
      changed = data;
      collector?.applySettings(data.settings, data.suspended);
      return;
    case 'request':
      void collector
        ?.answer(data.channel, data.payload)
        .then((result) => send({ type: 'response', id: data.id, result }));
      return;
    case 'stop':
      void stop();
  }
});

// at the end of a desktop's session, or with Ctrl-C, the system ends every process of a group: this one writes first
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
  process.on(signal, () => void stop());
}

process.on('uncaughtException', (thrown) => {
  printFault(thrown); // the collector's log has it too (last-words.node.ts); the window's process starts another collector
  process.exit(1);
});

setInterval(() => send({ type: 'heartbeat' }), 1000);
send({ type: 'hello' });

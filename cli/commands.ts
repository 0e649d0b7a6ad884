import { text } from '../app/core/i18n.ts';
import type { Command, CommandId, GroupId } from './command.ts';
import { alertsChannels } from './commands/alerts-channels.ts';
import { alertsSecret } from './commands/alerts-secret.ts';
import { alertsTest } from './commands/alerts-test.ts';
import { dbBackup } from './commands/db-backup.ts';
import { dbCheck } from './commands/db-check.ts';
import { dbCompact } from './commands/db-compact.ts';
import { dbImport } from './commands/db-import.ts';
import { dbRestore } from './commands/db-restore.ts';
import { dbStats } from './commands/db-stats.ts';
import { doctor } from './commands/doctor.ts';
import { exportSamples } from './commands/export.ts';
import { importLogs } from './commands/import.ts';
import { ledgerExport } from './commands/ledger-export.ts';
import { ledgerImport } from './commands/ledger-import.ts';
import { ledgerVerify } from './commands/ledger-verify.ts';
import { meter } from './commands/meter.ts';
import { monitor } from './commands/monitor.ts';
import { read } from './commands/read.ts';
import { record } from './commands/record.ts';
import { run } from './commands/run.ts';
import { serviceInstall } from './commands/service-install.ts';
import { serviceLogs } from './commands/service-logs.ts';
import { serviceRemove } from './commands/service-remove.ts';
import { serviceStatus } from './commands/service-status.ts';
import { sessions } from './commands/sessions.ts';
import { status } from './commands/status.ts';
import { sweep } from './commands/sweep.ts';
import { tariffImport } from './commands/tariff-import.ts';
import { tariffShow } from './commands/tariff-show.ts';
import { wear } from './commands/wear.ts';

/** The commands of the terminal. Help and docs derive from them. To add one, add a file to commands/ and a row here. */
export const commands = {
  monitor,
  status,
  record,
  'service install': serviceInstall,
  'service status': serviceStatus,
  'service logs': serviceLogs,
  'service remove': serviceRemove,
  'alerts channels': alertsChannels,
  'alerts test': alertsTest,
  'alerts secret': alertsSecret,
  run,
  sessions,
  read,
  doctor,
  import: importLogs,
  sweep,
  meter,
  export: exportSamples,
  'db check': dbCheck,
  'db backup': dbBackup,
  'db restore': dbRestore,
  'db compact': dbCompact,
  'db import': dbImport,
  'db stats': dbStats,
  wear,
  'tariff import': tariffImport,
  'tariff show': tariffShow,
  'ledger export': ledgerExport,
  'ledger import': ledgerImport,
  'ledger verify': ledgerVerify,
} as const satisfies Record<CommandId, Command>;

/** Descriptions of commands that only have sub-commands. */
export const groups = {
  alerts: () => text('cli.alerts.description'),
  db: () => text('cli.db.description'),
  service: () => text('cli.service.description'),
  tariff: () => text('cli.tariff.description'),
  ledger: () => text('cli.ledger.description'),
} as const satisfies Record<GroupId, () => string>;

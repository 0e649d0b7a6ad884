import { text } from '../../core/i18n.ts';
import { err, ok, type Result } from '../../core/result.ts';
import { readAuthority } from '../channels/authority.node.ts';
import type { ChannelValues } from '../channels/channels.ts';
import type { Broker } from './link.node.ts';

/** The broker that the settings name. An error: they name none, or its certificate file cannot be read. */
export function brokerOf(
  { host, port, tls, user, caFile }: ChannelValues<'mqtt'>,
  password: string | undefined,
): Result<Broker> {
  if (host === '') return err('invalid-argument', text('mqtt.noBroker'), text('mqtt.noBrokerNext'));
  const ca = readAuthority(caFile);
  return ca.ok ? ok({ host, port, tls, user, password, ca: ca.value }) : ca;
}

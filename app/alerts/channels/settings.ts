import type { TypeOf } from '../../core/schema.ts';
import { z } from '../../core/zod.ts';
import { severities } from '../rule-row.ts';
import { alertChannels, type AlertChannelId, type ChannelValues } from './channels.ts';
import { schemaOfFields } from './field.ts';

/** What every channel has. Nothing is sent by a channel that is not on. */
const common = z.object({
  on: z.boolean().default(false),
  /** alerts below this are not sent, unless the settings of their rule name the channel */
  from: z.enum(severities).default('warn'),
  /** also send that an alert is over */
  cleared: z.boolean().default(true),
});

type Common = TypeOf<typeof common>;
export type ChannelSettings = { readonly [Id in AlertChannelId]: Common & ChannelValues<Id> };

const slices = Object.fromEntries(
  Object.entries(alertChannels).map(([id, { fields }]) => {
    const schema = common.extend(schemaOfFields(fields).shape);
    return [id, schema.default(schema.parse({}))];
  }),
);

export const channelsSchema = z.object(slices) as unknown as z.ZodType<ChannelSettings, Partial<ChannelSettings>> &
  z.ZodObject;

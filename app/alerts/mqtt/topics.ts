/** Names on the broker. `node` is a random number of this recorder, so that several machines can share a base topic. */
export type TopicRoot = { readonly base: string; readonly node: string; readonly discovery: string };

/** Home Assistant allows letters, digits, `_` and `-` in the names of a discovery topic. */
export const objectId = (name: string): string => name.replace(/[^a-zA-Z0-9_-]/g, '_');

export const cardId = (gpuUuid: string): string => `slowburn_${objectId(gpuUuid)}`;
export const recorderId = ({ node }: TopicRoot): string => `slowburn_${node}`;

export const statusTopic = ({ base, node }: TopicRoot): string => `${base}/${node}/status`;
/** what fires about the machine, as JSON */
export const recorderTopic = ({ base, node }: TopicRoot): string => `${base}/${node}/state`;
/** one message per alert, not retained */
export const alertTopic = ({ base, node }: TopicRoot): string => `${base}/${node}/alert`;
export const cardTopic = ({ base, node }: TopicRoot, gpuUuid: string): string =>
  `${base}/${node}/${objectId(gpuUuid)}/state`;
/** @param id of a card or of the recorder */
export const discoveryTopic = ({ discovery }: TopicRoot, id: string): string => `${discovery}/device/${id}/config`;

/** A name that may be published to, and that is not of the broker itself (MQTT 3.1.1, 4.7). */
export const isTopic = (name: string): boolean => /^[^+#\0/$][^+#\0]*$/.test(name) && !name.endsWith('/');

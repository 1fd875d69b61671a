// What an entry of the audit log tells: its details as lines of a difference, and the filters in the address.
export interface Line {
  field: string;
  before?: string;
  after?: string;
}

const text = (v: unknown): string | undefined =>
  v === undefined || v === null ? undefined : typeof v === 'string' ? v : JSON.stringify(v);

/** {"before":{…},"after":{…}} as lines; whatever else stands there as what is so. */
export function lines(details: unknown): Line[] {
  if (!details || typeof details !== 'object')
    return details === undefined || details === null ? [] : [{ field: '', after: text(details) }];
  const { before, after, ...rest } = details as Record<string, unknown>;
  const sides = [before, after].map((s) => (s && typeof s === 'object' ? (s as Record<string, unknown>) : {}));
  const fields = [...new Set(sides.flatMap((s) => Object.keys(s)))];
  return [
    ...fields.map((field) => ({ field, before: text(sides[0]![field]), after: text(sides[1]![field]) })),
    ...Object.entries(rest).map(([field, v]) => ({ field, after: text(v) })),
  ];
}

export const filters = ['actor_id', 'action', 'object', 'object_id', 'request_id', 'from', 'to'] as const;
export type Filter = (typeof filters)[number];

/** The parameters of the API that these filters mean; days are whole days of the reader. */
export function query(of: (name: Filter) => string) {
  const id = (v: string) => (/^[1-9]\d*$/.test(v) ? Number(v) : undefined);
  const day = (v: string, plus = 0) => {
    const d = new Date(`${v}T00:00:00`);
    if (!v || Number.isNaN(d.getTime())) return undefined;
    d.setDate(d.getDate() + plus);
    return d.toISOString();
  };
  return {
    actor_id: id(of('actor_id')),
    action: of('action') || undefined,
    object: of('object') || undefined,
    object_id: id(of('object_id')),
    request_id: of('request_id') || undefined,
    from: day(of('from')),
    to: day(of('to'), 1),
  };
}

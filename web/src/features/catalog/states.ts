// What a kind of state can be: the same rules as the server's, so that a form offers only what will be taken.
import type { State, StateType } from '$/api/types';

export const stateTypes: StateType[] = [
  'new',
  'open',
  'pending',
  'hold',
  'solved',
  'closed',
  'merged',
  'spam',
  'deleted',
];
export const defaults = ['default_new', 'default_follow_up', 'default_close'] as const;
export type Default = (typeof defaults)[number];

const mayBe: Record<Default, StateType[]> = {
  default_new: ['new', 'open'],
  default_follow_up: ['open'],
  default_close: ['solved', 'closed'],
};

/** Tickets can begin, go on or end in a state of this type. */
export const defaultsOf = (type: StateType) => defaults.filter((d) => mayBe[d].includes(type));
export const hasUntil = (type: StateType) => type === 'pending' || type === 'hold';
export const isDefault = (s: State) => !!(s.default_new || s.default_follow_up || s.default_close);
/** The server makes these itself, or finds tickets by them; there is always one. */
export const isBuiltIn = (s: State) => s.type === 'merged' || s.type === 'spam' || s.type === 'deleted';

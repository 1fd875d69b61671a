// The shapes of the API as the pages use them. References come as {id, name} unless they are asked for whole,
// which the document cannot say more exactly than "any".
import type { components } from './schema.gen';

type Schemas = components['schemas'];
type Sharper<T, M> = Omit<Required<T>, keyof M> & M;

export interface Ref {
  id: number;
  name: string;
}
export type StateType = 'new' | 'open' | 'pending' | 'hold' | 'solved' | 'closed' | 'merged' | 'spam' | 'deleted';
export type Ticket = Sharper<
  Schemas['Ticket'],
  {
    state: Ref;
    state_type: StateType;
    priority: Ref;
    group: Ref;
    owner: Ref | null;
    customer: Ref;
    organization: Ref | null;
    due: { first_response: string | null; next_response: string | null; solution: string | null; next: string | null };
    fields: Record<string, unknown>;
    messages?: Message[];
    messages_has_more?: boolean;
    participants?: Participant[];
    links?: Schemas['TicketLink'][];
    reopen_count?: number;
  }
>;
export interface FileRef {
  id: number;
  name: string;
  content_type: string;
  size: number;
}
export type Message = Sharper<
  Schemas['Message'],
  { author: Ref | null; on_behalf_of: Ref | null; attachments: FileRef[]; visibility: 'public' | 'internal' }
>;
export type Participant = Sharper<Schemas['Participant'], { user: Ref }>;
export type TicketEvent = Sharper<
  Schemas['TicketEvent'],
  { actor: Ref | null; changes: Record<string, [unknown, unknown]> }
>;
export type Presence = Sharper<Schemas['Presence'], { user: Ref; state: 'viewing' | 'writing' | 'gone' }>;
export type Draft = Sharper<Schemas['Draft'], { data: Record<string, unknown> }>;
export type User = Schemas['User'];
export type Organization = Schemas['Organization'];
export type Group = Schemas['Group'];
export type Role = Schemas['Role'];
export type Permission = Schemas['Permission'];
export type GroupLevels = Schemas['GroupLevels'];
export type Identity = Schemas['Identity'];
export type Session = Schemas['Session'];
export type LegalHold = Schemas['LegalHold'];
export type Job = Schemas['Job'];
export type View = Schemas['View'];
export type ViewCount = Schemas['ViewCount'];
export type State = Schemas['State'];
export type Priority = Schemas['Priority'];
export type Attachment = Schemas['Attachment'];
export type SearchResult = Omit<Schemas['SearchResult'], 'tickets' | 'jump'> & {
  jump: Ticket | null;
  tickets: { ticket: Ticket; message_id: number | null; excerpt: string | null }[];
};
export type TicketLink = Schemas['TicketLink'];

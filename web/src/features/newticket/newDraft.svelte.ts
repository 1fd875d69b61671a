// The new ticket that is being written, kept by the server: one for each agent.
import { api, ask } from '$/api/client';
import { keptDraft } from '$/lib/kept.svelte';
import { keptAt } from '$/lib/keptAt';
import { blank, isBlank, type NewTicket } from './form';

const SLOT = 'new';
const params = { params: { path: { slot: SLOT } } };

export const newDraft = () =>
  keptDraft<NewTicket>(
    keptAt(SLOT, {
      list: () => ask(api.GET('/api/v1/drafts')),
      put: (body) => ask(api.PUT('/api/v1/drafts/{slot}', { ...params, body })),
      drop: () => ask(api.DELETE('/api/v1/drafts/{slot}', params)),
    }),
    `/api/v1/drafts/${SLOT}`,
    blank,
    isBlank,
  );

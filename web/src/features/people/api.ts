// What the pages about people ask for. Names are under which the cache knows it; whoever changes something invalidates
// ['people'].
import { api, ask } from '$/api/client';
import type { Page } from '$/api/queries';
import type { Group, LegalHold, Organization, Permission, Role, User } from '$/api/types';

const LONG = 10 * 60 * 1000;
/** All pages of a list that is not long: roles, groups. */
async function all<T>(load: (after?: string) => Promise<Page<T>>): Promise<T[]> {
  const rows: T[] = [];
  let after: string | undefined;
  do {
    const { data, page } = await load(after);
    rows.push(...data);
    after = page.next ?? undefined;
  } while (after);
  return rows;
}

export interface UserFilter {
  q?: string;
  active?: boolean;
  role_id?: number;
  organization_id?: number;
}
export const getUsers = async (filter: UserFilter, after?: string, limit = 50) =>
  (await ask(
    api.GET('/api/v1/users', { params: { query: { ...filter, q: filter.q || undefined, after, limit } } }),
  )) as unknown as Page<User>;

export const getOrganizations = async (filter: { q?: string; active?: boolean }, after?: string, limit = 50) =>
  (await ask(
    api.GET('/api/v1/organizations', { params: { query: { ...filter, q: filter.q || undefined, after, limit } } }),
  )) as unknown as Page<Organization>;

export const people = {
  user: (id: number) => ({
    queryKey: ['people', 'user', id],
    queryFn: async () => ask(api.GET('/api/v1/users/{id}', { params: { path: { id } } })),
    staleTime: 0,
  }),
  organization: (id: number) => ({
    queryKey: ['people', 'organization', id],
    queryFn: async () => ask(api.GET('/api/v1/organizations/{id}', { params: { path: { id } } })),
  }),
  roles: () => ({
    queryKey: ['people', 'roles'],
    queryFn: () =>
      all<Role>(
        async (after) =>
          (await ask(api.GET('/api/v1/roles', { params: { query: { limit: 200, after } } }))) as unknown as Page<Role>,
      ),
  }),
  role: (id: number) => ({
    queryKey: ['people', 'role', id],
    queryFn: async () => ask(api.GET('/api/v1/roles/{id}', { params: { path: { id } } })),
    staleTime: 0,
  }),
  groups: () => ({
    queryKey: ['people', 'groups'],
    queryFn: () =>
      all<Group>(
        async (after) =>
          (await ask(
            api.GET('/api/v1/groups', { params: { query: { limit: 200, after } } }),
          )) as unknown as Page<Group>,
      ),
  }),
  holds: (object: 'user' | 'organization', id: number) => ({
    queryKey: ['people', 'holds', object, id],
    queryFn: async () =>
      (await ask(api.GET('/api/v1/legal-holds', { params: { query: { object, object_id: id, limit: 200 } } })))
        .data as LegalHold[],
    staleTime: 0,
  }),
  permissions: () => ({
    queryKey: ['people', 'permissions'],
    queryFn: async () => (await ask(api.GET('/api/v1/permissions'))).data as Permission[],
    staleTime: LONG,
  }),
};

/** Levels of a group, from the least. full means all of them. */
export const LEVELS = ['overview', 'read', 'create', 'change', 'full'] as const;
export type Level = (typeof LEVELS)[number];
export const KINDS = ['email', 'phone', 'chat'] as const;
export type Kind = (typeof KINDS)[number];
/** What a customer's message on a closed ticket does. */
export const FOLLOW_UPS = ['reopen', 'new_ticket', 'new_ticket_after_days', 'reject'] as const;
export type FollowUp = (typeof FOLLOW_UPS)[number];

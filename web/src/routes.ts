// The pages. Each is a file of its own in pages/, loaded when somebody goes there.
import type { Component } from 'svelte';
import type { Area } from './i18n/index.svelte';
import ListPage from './pages/ListPage.svelte';

type AnyPage = Component<Record<string, string>>;
export interface Route {
  /** Parts that begin with a colon become properties of the page. */
  path: string;
  /** The page itself where it belongs to the first load, else how to fetch it. */
  page?: AnyPage;
  load?: () => Promise<{ default: unknown }>;
  /** Catalogues of texts that it needs beside core. */
  texts?: Area[];
  /** One of these permissions is needed. */
  needs?: string[];
}

export const routes: Route[] = [
  { path: '/', page: ListPage as AnyPage },
  { path: '/lists/:list', page: ListPage as AnyPage },
  { path: '/views/:view', page: ListPage as AnyPage },
  { path: '/dashboard', load: () => import('./pages/DashboardPage.svelte'), texts: ['dashboard'] },
  { path: '/tickets/new', load: () => import('./pages/NewTicketPage.svelte'), texts: ['newticket', 'agent'] },
  { path: '/tickets/:id', load: () => import('./pages/TicketPage.svelte') },

  {
    path: '/admin/audit',
    load: () => import('./pages/AdminAuditPage.svelte'),
    needs: ['admin.audit'],
    texts: ['admin', 'audit'],
  },
  {
    path: '/admin/health',
    load: () => import('./pages/AdminHealthPage.svelte'),
    needs: ['admin.monitor'],
    texts: ['admin', 'health'],
  },
  { path: '/admin', load: () => import('./pages/AdminPage.svelte'), texts: ['admin'] },
  {
    path: '/admin/users',
    load: () => import('./pages/UsersPage.svelte'),
    texts: ['admin', 'people'],
    needs: ['user.read', 'user.edit', 'admin.user'],
  },
  {
    path: '/admin/users/:id',
    load: () => import('./pages/UserPage.svelte'),
    texts: ['admin', 'people'],
    needs: ['user.read', 'user.edit', 'admin.user'],
  },
  {
    path: '/admin/organizations',
    load: () => import('./pages/OrganizationsPage.svelte'),
    texts: ['admin', 'people'],
    needs: ['user.read', 'user.edit', 'admin.user', 'admin.organization'],
  },
  {
    path: '/admin/organizations/:id',
    load: () => import('./pages/OrganizationPage.svelte'),
    texts: ['admin', 'people'],
    needs: ['user.read', 'user.edit', 'admin.user', 'admin.organization'],
  },
  {
    path: '/admin/groups',
    load: () => import('./pages/GroupsPage.svelte'),
    texts: ['admin', 'people'],
    needs: ['admin.group'],
  },
  {
    path: '/admin/roles',
    load: () => import('./pages/RolesPage.svelte'),
    texts: ['admin', 'people'],
    needs: ['admin.role', 'admin.user'],
  },
  {
    path: '/admin/states',
    load: () => import('./pages/StatesPage.svelte'),
    needs: ['admin.state'],
    texts: ['admin', 'catalog'],
  },
  {
    path: '/admin/priorities',
    load: () => import('./pages/PrioritiesPage.svelte'),
    needs: ['admin.state'],
    texts: ['admin', 'catalog'],
  },
  {
    path: '/admin/tags',
    load: () => import('./pages/TagsPage.svelte'),
    needs: ['admin.tag'],
    texts: ['admin', 'catalog', 'settings'],
  },
  {
    path: '/admin/fields',
    load: () => import('./pages/FieldsPage.svelte'),
    needs: ['admin.field'],
    texts: ['admin', 'catalog'],
  },
  {
    path: '/admin/fields/:id',
    load: () => import('./pages/FieldPage.svelte'),
    needs: ['admin.field'],
    texts: ['admin', 'catalog', 'agent'],
  },
  {
    path: '/admin/security',
    load: () => import('./pages/SecurityPage.svelte'),
    needs: ['admin.setting'],
    texts: ['admin', 'settings', 'profile'],
  },
  {
    path: '/admin/settings',
    load: () => import('./pages/SettingsPage.svelte'),
    needs: ['admin.setting'],
    texts: ['admin', 'settings'],
  },
  { path: '/profile', load: () => import('./pages/ProfilePage.svelte'), texts: ['profile', 'people'] },
];

// How the components look, for those who build with them.
if (import.meta.env.DEV) routes.push({ path: '/design', load: () => import('./pages/DesignPage.svelte') });

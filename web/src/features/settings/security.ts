// What concerns security, brought together: which settings, and what about their values should be looked at.
import type { Key } from '$/i18n/index.svelte';
import { t } from '$/i18n/index.svelte';
import type { Started } from './settings';

export interface Part {
  id: string;
  title: Key;
  /** What holds whatever is set. */
  text?: Key;
  /** Settings of the process. */
  started: string[];
  /** Settings of the desk, changed here. */
  settings?: string[];
}

export const parts: Part[] = [
  { id: 'access', title: 'security.access', text: 'security.access_text', started: ['REGISTRATION'] },
  {
    id: 'passwords',
    title: 'security.passwords',
    text: 'security.passwords_text',
    started: ['ARGON2_KIB', 'ARGON2_PASSES'],
  },
  { id: 'lockout', title: 'security.lockout', text: 'security.lockout_text', started: ['RATE_LIMIT_LOGIN_PER_MIN'] },
  { id: 'second', title: 'security.second', text: 'security.second_text', started: [] },
  {
    id: 'sessions',
    title: 'security.sessions',
    text: 'security.sessions_text',
    started: ['SESSION_IDLE_S', 'SESSION_MAX_S', 'ACCESS_TOKEN_S'],
    settings: ['retention.sessions_days'],
  },
  {
    id: 'origins',
    title: 'security.origins',
    text: 'security.origins_text',
    started: ['BASE_URL', 'ALLOWED_ORIGINS', 'ALLOWED_HOSTS', 'TRUSTED_PROXIES', 'CSRF_PROTECTION'],
  },
  {
    id: 'limits',
    title: 'security.limits',
    text: 'security.limits_text',
    started: [
      'RATE_LIMIT_PER_MIN',
      'RATE_LIMIT_REGISTER_PER_MIN',
      'RATE_LIMIT_RESET_PER_MIN',
      'RATE_LIMIT_FORM_PER_MIN',
      'RATE_LIMIT_TOKEN_PER_MIN',
      'MAX_BODY_KIB',
      'ATTACHMENT_MAX_KIB',
    ],
  },
  {
    id: 'secrets',
    title: 'security.secrets',
    text: 'security.secrets_text',
    started: ['JWT_SECRET', 'SECRET_KEY', 'BACKUP_KEY', 'METRICS_TOKEN', 'TLS_CERT'],
  },
  {
    id: 'traces',
    title: 'security.traces',
    text: 'security.traces_text',
    started: ['ACCESS_LOG'],
    settings: ['retention.access_log_days', 'retention.audit_details_days'],
  },
  { id: 'process', title: 'security.process', started: ['ENVIRONMENT', 'CONFINE', 'READ_ONLY'] },
];

const OWASP_KIB = 19456;
const YEAR_S = 31536000;

/** What should be looked at, or nothing. In development and tests much is open on purpose: only said in production. */
export function adviceFor(s: Started, all: Started[]): string | undefined {
  const environment = all.find((x) => x.name === 'ENVIRONMENT')?.value;
  switch (s.name) {
    case 'ENVIRONMENT':
      return s.value === 'production' ? undefined : t('security.advice_environment');
    case 'ARGON2_KIB':
      return Number(s.value) < OWASP_KIB ? t('security.advice_argon') : undefined;
    case 'CSRF_PROTECTION':
      return s.value || environment === 'production' ? undefined : t('security.advice_csrf');
    case 'CONFINE':
      return s.value ? undefined : t('security.advice_confine');
    case 'BACKUP_KEY':
      return s.set || !all.find((x) => x.name === 'BACKUP_DIR')?.value ? undefined : t('security.advice_backup');
    case 'SESSION_IDLE_S':
      return Number(s.value) >= YEAR_S ? t('security.advice_idle') : undefined;
    case 'REGISTRATION':
      return s.value === 'open' ? t('security.advice_registration') : undefined;
    default:
      return undefined;
  }
}

import { sql as first } from './0001-first.ts';
import { sql as compareAndExport } from './0002-compare-and-export.ts';
import { sql as labelDrafts } from './0003-label-drafts.ts';
import { sql as removedVersions } from './0004-removed-versions.ts';
import { sql as answers } from './0005-answers.ts';
import { sql as shownAnswers } from './0006-shown-answers.ts';
import { sql as hubRows } from './0007-hub-rows.ts';

/** In order: the schema's version is how many of them were applied (`PRAGMA user_version`). Never change one that shipped. */
export const migrations: readonly { name: string; sql: string }[] = [
  { name: '0001-first', sql: first },
  { name: '0002-compare-and-export', sql: compareAndExport },
  { name: '0003-label-drafts', sql: labelDrafts },
  { name: '0004-removed-versions', sql: removedVersions },
  { name: '0005-answers', sql: answers },
  { name: '0006-shown-answers', sql: shownAnswers },
  { name: '0007-hub-rows', sql: hubRows },
];

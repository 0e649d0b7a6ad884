import { Option } from 'commander';
import { text } from '../../app/core/i18n.ts';

/** Of each `slowburn service` command. */
export const systemOption = (): Option => new Option('--system', text('cli.service.option.system'));

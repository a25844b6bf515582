import type { Words } from '../i18n'
import type zh from './returns.zh'

export default {
  'search.beyond': 'There is a {kind} with this number, which is not for you to see',
  'search.beyond_at': 'At {site}. Ask {people}.',
  'search.beyond_nobody': 'At {site}. Ask a supervisor or administrator.',
  'search.enter': 'Enter opens it',
  'search.opens': 'opens',
  'search.how': 'Of a number its beginning, or its last 4 characters or more; of a name the Chinese, the pinyin or its initials.',
  'search.example_number': 'Return, outbound order, platform order, waybill, container, lot, serial',
  'search.example_tail': 'The end of a waybill or number, of a customer’s telephone',
  'search.example_name': 'Customer or item: 水壶 · shuihu · sh',
} as const satisfies Words<typeof zh>

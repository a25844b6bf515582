// 退库单、包裹与搜索的文字。

export default {
  'search.beyond': '有{kind}使用这个号码，但您无权查看',
  'search.beyond_at': '在 {site}。请找：{people}',
  'search.beyond_nobody': '在 {site}。请找仓库主管或管理员。',
  'search.enter': '回车直接打开',
  'search.opens': '打开',
  'search.how': '号码可以只输开头，或最后 4 位以上；名称可以输中文、拼音或拼音首字母。',
  'search.example_number': '退库单、出库单、平台单、运单、容器、批号、序列号',
  'search.example_tail': '运单或单号的尾号，客户电话尾号',
  'search.example_name': '客户或商品：水壶 · shuihu · sh',
} as const

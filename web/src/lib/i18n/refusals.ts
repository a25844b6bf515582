/**
 * What the server refuses with, in Chinese. The server says each refusal once, as an English sentence with its facts;
 * here are its sentences, so that a Chinese screen stays Chinese. One that is not here yet is shown as it came.
 */

const SENTENCES: readonly (readonly [RegExp, string])[] = [
  // Who may
  [/^Name or password is wrong\.$/, '用户名或密码不正确。'],
  [/^Nobody is signed in here, or for too long\. Sign in\.$/, '登录已过期，请重新登录。'],
  [/^There is an administrator already; they add people\.$/, '管理员已经有了，请由管理员添加人员。'],
  [/^This is for administrators\.$/, '只有管理员可以这样做。'],
  [/^The current password is wrong\.$/, '当前密码不正确。'],
  [/^Very many people sign in right now\. Try again in a moment\.$/, '同时登录的人太多，请稍后再试。'],
  [/^Too many attempts failed\. Try again in (\d+) seconds\.$/, '失败次数太多，请 $1 秒后再试。'],
  [/^You do not have the right to do this here\.$/, '您在这里没有这个权限。'],
  [/^You do not have the right to see this\.$/, '您没有查看的权限。'],
  [/^This does not exist, or is not for you to see\.$/, '没有这条记录，或您无权查看。'],
  [/^This (.+) does not exist, or is not for you to see\.$/, '没有这条记录（$1），或您无权查看。'],
  [/^This (.+) does not exist\.$/, '没有这条记录（$1）。'],
  [/^There is nothing at this address\.$/, '这个地址没有内容。'],
  [/^Whoever files a return order cannot approve or reject it\.$/, '建单的人不能自己批准或驳回。'],
  [/^This was sent from the page of another site\.$/, '请求来自另一个网站的页面，已拒绝。'],

  // Returns
  [/^A return order needs a return type\.$/, '请选择退库类型。'],
  [/^A return order needs at least one line\.$/, '退库单至少要有一行明细。'],
  [/^This return type does not exist\.$/, '没有这个退库类型。'],
  [/^Documents are missing: (.+)\.$/, '缺少单据：$1。'],
  [
    /^(\d+) are asked back, but only (\d+) can come: (\d+) shipped, (\d+) already back, (\d+) filed elsewhere\.$/,
    '要退 $1 件，只能退 $2 件：出库 $3，已退 $4，其他退库单已申请 $5。',
  ],
  [/^That outbound line does not exist\.$/, '没有这行出库明细。'],
  [/^A return order that is (.+) cannot be (.+)\.$/, '退库单现在是“$1”，不能$2。'],
  [/^This return order is not a draft; amend it to change it\.$/, '退库单不是草稿；要改请用“修改已批单据”。'],
  [/^This return order was changed since you opened it\. Look at it again\.$/, '您打开之后，这张退库单又改过，请再看一遍。'],
  [/^Goods of this line have been received; it stays\.$/, '这行已经收过货，不能删除。'],
  [/^Goods of this return have been received; it cannot be cancelled any more\.$/, '已经收过货，不能再取消。'],
  [/^This return is approved and under way; put it on hold instead\.$/, '退库单已批准并在进行中，请改用“挂起”。'],
  [/^This return is closed\.$/, '退库单已经结束。'],
  [/^This return cannot be completed yet: (.+)\.$/, '还不能完成：$1。'],
  [/^This line exists already\.$/, '这行明细已经有了。'],
  [/^(\d+) of this line are still expected\.$/, '这行还差 $1 件。'],
  [/^A rejection needs its reason\.$/, '请填写驳回原因。'],
  [/^Say why: this needs a reason\.$/, '请填写原因。'],
  [/^Nobody has claimed these goods yet\.$/, '这些货还没有人认领。'],
  [/^That return order belongs to another site\.$/, '那张退库单属于另一个仓库。'],
  [/^That return order is not approved\.$/, '那张退库单还没有批准。'],
  [/^A quantity is at least 1\.$/, '数量至少为 1。'],
  [/^This waits for what another handheld has not sent yet\.$/, '要等另一台 PDA 上传后才能处理。'],
  [/^The scan this takes back has not arrived yet\.$/, '要撤回的那次扫描还没有上传。'],
  [/^A date is written as YYYY-MM-DD\.$/, '日期写成 YYYY-MM-DD。'],
  [/^A document needs a number or a file\.$/, '单据需要编号或文件。'],
  [/^This file has not been uploaded\.$/, '这个文件还没有上传。'],
  [/^Nothing to change was given\.$/, '没有要修改的内容。'],
  [/^The field (.+) cannot be edited\.$/, '字段 $1 不能修改。'],
  [/^The value of (.+) is not valid\.$/, '字段 $1 的值不符合要求。'],

  // Goods
  [/^Only (\d+) of this scan can be taken back\.$/, '这次扫描只能撤回 $1 件。'],
  [/^These goods have been inspected; correct the inspection first\.$/, '这些货已经质检，请先更正质检。'],
  [/^This code belongs to another item already\.$/, '这个条码已属于另一个商品。'],
  [/^Only (\d+) of these goods are inspected\.$/, '这些货只质检了 $1 件。'],
  [/^Some of these goods were received on a handheld that has not sent them yet\.$/, '其中一部分是在还没上传的 PDA 上收的。'],
  [/^These goods were received on a handheld that has not sent them yet\.$/, '这些货是在还没上传的 PDA 上收的。'],
  [/^The return type does not allow this disposition\.$/, '这个退库类型不允许这种处理方式。'],
  [/^Nobody has claimed these goods yet: they can be inspected, not disposed of\.$/, '这些货还没有人认领：可以质检，不能处理。'],
  [/^No sellable unit of this item is here to send as a replacement\.$/, '没有可以换出的良品。'],
  [/^These goods stay in the building\.$/, '这些货不寄出。'],
  [/^(-?\d+) are ready to leave\.$/, '可以寄出 $1 件。'],
  [/^A failed check and the verdict 'pass' do not go together\.$/, '有不合格的检查项，结论不能是合格。'],
  [/^An inspection has each of the four checks once\.$/, '四项检查各填一次。'],
  [/^An empty parcel needs a photo\.$/, '空包裹需要照片。'],
  [/^Only an unclaimed parcel can be claimed\.$/, '只有无主件可以认领。'],
  [/^Somebody has claimed this parcel already\.$/, '这个包裹已经有人认领。'],
  [/^Say whose parcel it is: a return order or a customer\.$/, '请选择退库单或客户。'],

  // Conflicts and alerts
  [/^Somebody has resolved this already\.$/, '已经有人处理过了。'],
  [/^This conflict does not have that option\.$/, '这个冲突没有这个选项。'],
  [/^This conflict holds goods back; it can be resolved, not dismissed\.$/, '这个冲突冻结着货物，只能处理，不能忽略。'],
  [/^This option needs a note\.$/, '这个选择需要说明原因。'],
  [/^Goods of this return are already being handled; discard the edit or amend by hand\.$/, '这张退库单的货已在处理，请放弃修改或手工修改单据。'],
  [/^The earlier disposition is posted already; move the goods instead\.$/, '前一个处理已入账，请改为移动货物。'],
  [/^The goods still stand there\.$/, '货还在那里。'],
  [/^This cannot be taken back as such; adopt it, then correct it\.$/, '不能直接撤回；请先担保，再更正。'],
  [/^Enter the value to keep\.$/, '请填写要保留的值。'],
  [/^This alert is closed already\.$/, '这条预警已经关闭。'],
  [/^Say until when: a moment that is still to come\.$/, '请选择将来的时间。'],

  // Devices and people
  [/^A handheld keeps its unsent work under the address it was enrolled with.*$/, '设备未上传的工作保存在登记时的地址下，地址不能变。请先给 Restow 一个固定的名称：restow serve --public-url https://名称'],
  [/^This code is not known here, was used up or has expired\. Ask for a new one\.$/, '代码不对、已用完或已过期，请要一个新的。'],
  [/^A code enrols between 1 and (\d+) handhelds\.$/, '一个登记码可登记 1 到 $1 台。'],
  [/^A code lives between 1 and (\d+) days\.$/, '登记码的有效期为 1 到 $1 天。'],
  [/^A handheld's name has 1 to 60 characters\.$/, '设备名称为 1 到 60 个字符。'],
  [/^All device codes have been given\.$/, '设备代码已经用完。'],
  [/^A PIN has 4 to 8 digits\.$/, 'PIN 码为 4 到 8 位数字。'],
  [/^A password has (\d+) to (\d+) characters\.$/, '密码为 $1 到 $2 个字符。'],
  [/^A name has 1 to 80 characters\.$/, '姓名为 1 到 80 个字符。'],
  [/^A username has 2 to 40 letters, digits, dots, dashes or underscores\.$/, '用户名为 2 到 40 个字母、数字、点、横线或下划线。'],
  [/^Somebody has this username already\.$/, '用户名已经有人用了。'],
  [/^Another administrator has to disable you\.$/, '不能停用自己，请由另一位管理员来做。'],
  [/^Another administrator has to end your own administrator's right\.$/, '不能收回自己的管理员权限，请由另一位管理员来做。'],
  [/^Only an administrator of that site can (?:end|give) rights there\.$/, '只有那个仓库的管理员可以这样做。'],
  [/^This person has rights at sites that you do not administer\.$/, '此人还有您管不到的仓库的权限。'],
  [/^There is no such role\.$/, '没有这个角色。'],

  // Sites
  [/^A site's code has two or three capital letters or digits\.$/, '仓库代码为 2 到 3 位大写字母或数字。'],
  [/^Another site has this code\.$/, '另一个仓库已用这个代码。'],
  [/^A site needs a name\.$/, '请填写仓库名称。'],
  [/^A currency is three capital letters, as CNY\.$/, '币种为三个大写字母，例如 CNY。'],
  [/^There is no such time zone\.$/, '没有这个时区。'],
  [/^This is between 1 and 8760\.$/, '请填 1 到 8760。'],
  [/^Only an administrator of (?:all sites can open one|this site can change it)\.$/, '只有管理员可以这样做。'],
  [/^This site does not exist\.$/, '没有这个仓库。'],

  // How the system is
  [/^does not answer.*$/, '没有回应'],
  [/^(\d+) MiB free$/, '剩余 $1 MiB'],
  [/^holds no tables yet$/, '还没有数据表'],
  [/^answers$/, '正常回应'],
  [/^no worker runs: stock is not reconciled and alerts are not raised$/, '没有后台任务在运行：库存不会对账，也不会产生预警'],
  [/^(\d+) at work$/, '$1 个在运行'],
  [/^none is installed$/, '没有安装'],
]

/** Parts of a sentence that the server lists in words. */
const PARTS: readonly (readonly [RegExp, string])[] = [
  [/it is not approved yet/g, '还没有批准'],
  [/a conflict waits for a supervisor/g, '有冲突等主管处理'],
  [/(\d+) of (\d+) have not arrived/g, '应收 $2，还差 $1'],
  [/(\d+) of (\d+) are not inspected/g, '已收 $2，还有 $1 未质检'],
  [/(\d+) of (\d+) have no posted disposition/g, '已收 $2，还有 $1 未处理入账'],
  [/; /g, '；'],
  [/\bdraft\b/g, '草稿'],
  [/\bon hold\b/g, '挂起'],
  [/\breceiving\b/g, '收货中'],
  [/\binspecting\b/g, '质检中'],
  [/\bdisposing\b/g, '处理中'],
  [/\bcompleted\b/g, '已完成'],
  [/不能submitted/g, '不能提交'],
  [/不能approved/g, '不能批准'],
  [/不能rejected/g, '不能驳回'],
  [/不能amended/g, '不能修改'],
  [/不能cancelled/g, '不能取消'],
  [/\bsubmitted\b/g, '待审核'],
  [/\bapproved\b/g, '审核通过'],
  [/\brejected\b/g, '已驳回'],
  [/\bcancelled\b/g, '已取消'],
  [/\boutbound_order\b/g, '出库单'],
  [/\bsales_contract\b/g, '销售合同'],
  [/\binspection_report\b/g, '质检报告'],
  [/\breturn_application\b/g, '退货申请单'],
]

export function inChinese(sentence: string): string {
  for (const [pattern, words] of SENTENCES) {
    if (!pattern.test(sentence)) continue
    const said = sentence.replace(pattern, words)
    return reasonInChinese(said)
  }
  return sentence
}

/** What still stands in the way of completing a return, reason by reason. */
export const reasonInChinese = (reason: string): string => PARTS.reduce((text, [part, word]) => text.replace(part, word), reason)

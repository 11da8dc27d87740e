package templates

// simplified is written for a shopper from the mainland.
var simplified = messages{
	Title:      "向 {shop} 付款",
	PayTo:      "收款方",
	Amount:     "金额",
	Item:       "商品",
	Order:      "订单号",
	TimeLeft:   "剩余支付时间",
	Reassure:   "付款在您自己的钱包中确认，本页面不会接触您的支付密码。",
	Cancel:     "取消并返回商家",
	BackToShop: "返回 {shop}",
	CheckNow:   "我已付款，立即查询",
	OtherWays:  "更换支付方式",

	AlipayCN: "支付宝",
	AlipayHK: "支付宝香港 AlipayHK",
	WeChat:   "微信支付",

	HintCode:    "用手机扫码支付",
	HintCashier: "前往钱包页面支付",
	HintApp:     "打开手机上的应用支付",
	HintJSAPI:   "在微信内直接支付",

	AltCodeHere:   "在此显示二维码",
	AltCodeOther:  "显示二维码，用另一台设备扫码",
	AltCashier:    "打开{wallet}页面",
	AltApp:        "在本机支付",
	AltJSAPI:      "在微信内直接支付",
	GuideWeChat:   "请在微信中打开本页",
	GuideBrowser:  "请在浏览器中打开本页",
	WeChatWords:   "复制链接，在微信里发给自己（例如“文件传输助手”），再点开链接付款。付款结果会显示在本页。",
	BrowserWords:  "复制链接，到手机浏览器（如 Safari 或 Chrome）中打开；也可以点屏幕右上角的菜单，选择“在浏览器打开”。",
	Link:          "本次付款的链接",
	CopyLink:      "复制链接",
	Copied:        "已复制",
	FrameFallback: "看不到二维码？",

	ChooseTitle: "请选择支付方式",
	ChooseNone:  "当前设备没有可用的支付方式，请用手机或电脑打开本页。",

	CodeTitle:  "请用{wallet}扫码",
	CodeStep1:  "在手机上打开{wallet}。",
	CodeStep2:  "点“扫一扫”，对准二维码。",
	CodeStep3:  "核对金额和收款方，确认付款。",
	CodeAlt:    "{wallet}付款二维码",
	FrameTitle: "{wallet}提供的付款二维码",
	Waiting:    "等待付款",

	RedirectTitle: "前往{wallet}继续付款",
	RedirectWords: "请在{wallet}页面完成付款，然后回到这里，本页会显示结果。",
	RedirectOpen:  "打开{wallet}",
	JSAPIWords:    "微信会在自己的窗口里请您输入支付密码。",
	JSAPIPay:      "微信支付",
	JSAPIMissing:  "微信没有响应。请确认本页是在微信中打开的，然后重试。",
	JSAPIFailed:   "微信未能发起支付。请重试，或更换支付方式。",
	JSAPINoScript: "此方式需要 JavaScript，而它已被关闭。请更换支付方式。",

	ConfirmTitle: "正在确认付款结果",
	ConfirmWords: "我们正在向钱包查询，通常只需几秒钟，请勿重复付款。",
	ConfirmAgain: "立即查询",

	PaidTitle:   "支付成功",
	PaidWords:   "感谢您，付款结果已通知 {shop}。",
	PaidLeaving: "正在返回商家……",

	FailedTitle: "付款未成功",
	FailedWords: "钱包没有完成这笔付款，您可以重试或更换支付方式。",

	ExpiredTitle: "付款时间已过",
	ExpiredWords: "请回到商家重新下单。如果您刚刚已付款，款项不会丢失：系统会记录并通知商家。",

	CanceledTitle: "付款已取消",
	CanceledWords: "这笔付款已取消，您可以随时回到商家重新下单。",

	StatusTitle: "付款状态",
	StatusWords: "我们尚未收到付款。如果您刚刚已付款，结果稍后会显示在这里。",
	StatusAgain: "您可以回到最初的页面重新付款。",
	StatusPaid:  "您可以关闭本页，回到最初的页面。",
	StatusOpen:  "尚未付款",

	GatewayDown:   "暂时无法连接支付服务，请稍后重试。",
	BadForm:       "页面停留时间过长，请重试。",
	TooMany:       "操作过于频繁，请稍等片刻再试。",
	WeChatRefused: "微信没有确认您的身份。请重试，或更换支付方式。",

	NotFoundTitle:    "找不到这笔付款",
	NotFoundWords:    "链接可能不完整或已失效，请回到商家重新下单。",
	BadRequestTitle:  "无法识别该请求",
	BadRequestWords:  "请回到商家重新下单。",
	ForbiddenTitle:   "不能从这里使用本页面",
	ForbiddenWords:   "请回到付款页面重试。",
	TooManyTitle:     "请求过于频繁",
	TooManyWords:     "请稍等片刻，再刷新页面。",
	ServerTitle:      "系统出了点问题",
	ServerWords:      "请稍后刷新页面。如果您已付款，款项不会丢失。",
	UnavailableTitle: "稍后就好",
	UnavailableWords: "服务繁忙或正在更新，请稍后刷新页面。如果您已付款，款项不会丢失。",

	DemoWords: "演示环境，不涉及真实资金。",
	DemoAs:    "模拟设备",
	DemoApply: "应用",
}

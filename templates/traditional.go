package templates

// traditional is written for a shopper in Hong Kong.
var traditional = messages{
	Title:      "付款予 {shop}",
	PayTo:      "收款商戶",
	Amount:     "金額",
	Item:       "項目",
	Order:      "訂單編號",
	TimeLeft:   "剩餘付款時間",
	Reassure:   "付款會在你自己的電子錢包內確認，本頁不會接觸你的付款密碼。",
	Cancel:     "取消並返回商店",
	BackToShop: "返回 {shop}",
	CheckNow:   "我已付款，立即查詢",
	OtherWays:  "選用其他付款方式",

	AlipayCN: "支付寶（內地版）",
	AlipayHK: "AlipayHK 支付寶香港",
	WeChat:   "微信支付 WeChat Pay",

	HintCode:    "用手機掃描二維碼付款",
	HintCashier: "前往電子錢包的頁面付款",
	HintApp:     "打開手機上的應用程式付款",
	HintJSAPI:   "在微信內直接付款",

	AltCodeHere:   "在此顯示二維碼",
	AltCodeOther:  "顯示二維碼，用另一部裝置掃描",
	AltCashier:    "打開 {wallet} 頁面",
	AltApp:        "在這部手機付款",
	AltJSAPI:      "在微信內直接付款",
	GuideWeChat:   "請在微信內打開本頁",
	GuideBrowser:  "請在瀏覽器打開本頁",
	WeChatWords:   "複製連結，在微信傳送給自己（例如「文件傳輸助手」），再點按連結付款。付款結果會在本頁顯示。",
	BrowserWords:  "複製連結，在手機瀏覽器（例如 Safari 或 Chrome）打開；亦可點按畫面角落的選單，選擇「在瀏覽器打開」。",
	Link:          "這次付款的連結",
	CopyLink:      "複製連結",
	Copied:        "已複製",
	FrameFallback: "看不到二維碼？",

	ChooseTitle: "請選擇付款方式",
	ChooseNone:  "這部裝置沒有可用的付款方式，請用手機或電腦打開本頁。",

	CodeTitle:  "請用 {wallet} 掃碼",
	CodeStep1:  "在手機打開 {wallet}。",
	CodeStep2:  "點按「掃一掃」，對準二維碼。",
	CodeStep3:  "核對金額及收款商戶，然後確認付款。",
	CodeAlt:    "{wallet} 付款二維碼",
	FrameTitle: "{wallet} 提供的付款二維碼",
	Waiting:    "等待付款",

	RedirectTitle: "前往 {wallet} 繼續付款",
	RedirectWords: "請在 {wallet} 頁面完成付款，然後返回這裏，本頁會顯示結果。",
	RedirectOpen:  "打開 {wallet}",
	JSAPIWords:    "微信會在自己的視窗請你輸入付款密碼。",
	JSAPIPay:      "用微信支付付款",
	JSAPIMissing:  "微信沒有回應。請確認本頁是在微信內打開，然後再試。",
	JSAPIFailed:   "微信未能開始付款。請再試，或選用其他付款方式。",
	JSAPINoScript: "這個方式需要 JavaScript，但它已被關閉。請選用其他付款方式。",

	ConfirmTitle: "正在確認付款結果",
	ConfirmWords: "我們正向電子錢包查詢，通常只需數秒，請勿重複付款。",
	ConfirmAgain: "立即查詢",

	PaidTitle:   "付款成功",
	PaidWords:   "多謝你，付款結果已通知 {shop}。",
	PaidLeaving: "正在返回商店……",

	FailedTitle: "付款未能完成",
	FailedWords: "電子錢包未有完成這次付款，你可以再試，或選用其他付款方式。",

	ExpiredTitle: "付款時限已過",
	ExpiredWords: "請返回商店重新下單。如果你剛剛已付款，款項不會遺失：系統會記錄並通知商店。",

	CanceledTitle: "付款已取消",
	CanceledWords: "這筆付款已取消，你可以隨時返回商店重新下單。",

	StatusTitle: "付款狀態",
	StatusWords: "我們尚未收到付款。如果你剛剛已付款，結果稍後會在這裏顯示。",
	StatusAgain: "你可以返回原來的頁面再付款。",
	StatusPaid:  "你可以關閉本頁，返回原來的頁面。",
	StatusOpen:  "尚未付款",

	GatewayDown:   "暫時未能連接付款服務，請稍後再試。",
	BadForm:       "頁面停留時間過長，請再試一次。",
	TooMany:       "操作過於頻密，請稍候再試。",
	WeChatRefused: "微信沒有確認你的身分。請再試，或選用其他付款方式。",

	NotFoundTitle:    "找不到這筆付款",
	NotFoundWords:    "連結可能不完整或已失效，請返回商店重新下單。",
	BadRequestTitle:  "無法識別這個請求",
	BadRequestWords:  "請返回商店重新下單。",
	ForbiddenTitle:   "不能從這裏使用本頁",
	ForbiddenWords:   "請返回付款頁面再試。",
	TooManyTitle:     "請求過於頻密",
	TooManyWords:     "請稍候片刻，再重新載入本頁。",
	ServerTitle:      "系統出現問題",
	ServerWords:      "請稍後重新載入本頁。如果你已付款，款項不會遺失。",
	UnavailableTitle: "請稍候",
	UnavailableWords: "服務繁忙或正在更新，請稍後重新載入本頁。如果你已付款，款項不會遺失。",

	DemoWords: "示範環境，不涉及真實款項。",
	DemoAs:    "模擬裝置",
	DemoApply: "套用",
}

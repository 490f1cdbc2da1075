# العربية. كل مفتاح هنا موجود في fr.ftl و en.ftl بالمتغيّرات نفسها، واختبار يقارن بينها.

## في كل الصفحات

language-switch = اللغة
test-mode = وضع تجريبي: لا تُحوَّل أي أموال حقيقية.
secured-by = دفع آمن عبر قسمة
pay-to = الدفع إلى
time-left = الوقت المتبقي
last-minute = بقيت دقيقة واحدة لإتمام الدفع.
or = أو

## الكميات

dinars = { $count ->
    [zero] { $count } دينار
    [one] دينار واحد
    [two] ديناران
    [few] { $count } دنانير
    [many] { $count } دينارًا
   *[other] { $count } دينار
}
millimes = { $count ->
    [zero] { $count } مليم
    [one] مليم واحد
    [two] مليمان
    [few] { $count } مليمات
    [many] { $count } مليمًا
   *[other] { $count } مليم
}
amount-in-words = { $dinars } و{ $millimes }
hours = { $count ->
    [zero] { $count } ساعة
    [one] ساعة واحدة
    [two] ساعتان
    [few] { $count } ساعات
    [many] { $count } ساعة
   *[other] { $count } ساعة
}
minutes = { $count ->
    [zero] { $count } دقيقة
    [one] دقيقة واحدة
    [two] دقيقتان
    [few] { $count } دقائق
    [many] { $count } دقيقة
   *[other] { $count } دقيقة
}
seconds = { $count ->
    [zero] { $count } ثانية
    [one] ثانية واحدة
    [two] ثانيتان
    [few] { $count } ثوانٍ
    [many] { $count } ثانية
   *[other] { $count } ثانية
}
hours-and-minutes = { $hours } و{ $minutes }
under-a-minute = أقل من دقيقة
tries-left = { $count ->
    [zero] لم تبقَ لك أي محاولة.
    [one] بقيت لك محاولة واحدة.
    [two] بقيت لك محاولتان.
    [few] بقيت لك { $count } محاولات.
    [many] بقيت لك { $count } محاولة.
   *[other] بقيت لك { $count } محاولة.
}

## اختيار طريقة الدفع

choose-heading = اختر طريقة الدفع
choose-heading-single = أكمل عملية الدفع
wallet-heading = محفظة الهاتف الجوال
wallet-explained = نرسل إليك رمزًا في رسالة قصيرة لتأكيد الدفع.
phone-label = رقم الهاتف الجوال
phone-hint = 8 أرقام، مثلًا { $example }
wallet-submit = أرسل لي الرمز
card-heading = بطاقة بنكية
card-explained = تدفع في صفحة البنك الآمنة.
card-submit = الدفع بالبطاقة
card-remembered = سيحفظ البنك هذه البطاقة لدفعاتك القادمة إلى { $payee }. لا يرى المتجر ولا نحن رقمها أبدًا.
card-remembered-nameless = سيحفظ البنك هذه البطاقة لدفعاتك القادمة إلى هذا المتجر. لا يرى المتجر ولا نحن رقمها أبدًا.
scan-heading = امسح الرمز للدفع بالمحفظة
scan-explained = امسح هذا الرمز بتطبيق محفظتك، من هذا الهاتف أو من هاتف آخر: يقودك إلى عملية الدفع هذه.
scan-described = رمز QR لدفع { $amount } إلى { $payee }
cancel-submit = إلغاء والعودة إلى المتجر
cancel-here = إلغاء الدفع

## إدخال الرمز

code-heading = أدخل الرمز
code-sent = إذا كانت للرقم المنتهي بـ { $ending } محفظة، فسيصله رمز من ستة أرقام في رسالة قصيرة.
code-label = الرمز المكوَّن من ستة أرقام
code-lifetime = مدة صلاحية الرمز: { $minutes }.
code-secret = لا تُعطِ هذا الرمز لأحد، لا للمتجر ولا لنا.
code-submit = ادفع { $amount }
resend-heading = لم تصلك الرسالة بعد؟
resend-wait = المدة المتبقية قبل طلب رمز آخر: { $wait }.
resend-submit = إرسال رمز آخر
change-submit = اختيار طريقة دفع أخرى

## في الرسالة القصيرة

code-message = { $code } رمزك لدفع { $amount } إلى { $payee }. لا تعطه لأحد.
code-message-nameless = { $code } رمزك لدفع { $amount }. لا تعطه لأحد.

## دفع بالبطاقة قيد الإنجاز

card-open-heading = دفعك بالبطاقة قيد الإنجاز لدى البنك
card-open-explained = تابع في صفحة البنك لإتمام الدفع. وإن كنت قد دفعت هناك للتوّ، فتحقّق بعد لحظات بدل أن تدفع مرتين.
card-open-link = المتابعة إلى البنك
card-open-check = لقد دفعت: تحقّق الآن
issuer-heading = أكّد هويتك
issuer-explained = يريد بنك بطاقتك التأكد من أنك أنت من يدفع. تابع إلى صفحته.
leaving-heading = ننقلك إلى البنك
leaving-explained = تُفتح الآن صفحة البنك الآمنة. إن لم يحدث شيء، فاستعمل الزر.

## نتائج الدفع

waiting-heading = نتحقّق من العملية لدى البنك
waiting-explained = لا تدفع مرة أخرى. تتحدّث هذه الصفحة تلقائيًا كل بضع ثوانٍ.
waiting-close = يمكنك أيضًا إغلاقها: سنُعلم المتجر حالما يجيب البنك.
paid-heading = تمّ الدفع
paid-explained = وصلت دفعتك إلى { $payee } بنجاح. نعيدك الآن إلى المتجر.
paid-here = تم دفعك إلى { $payee }. يمكنك إغلاق هذه الصفحة.
authorized-heading = تمّ التفويض بالدفع
authorized-explained = حُجز المبلغ لفائدة { $payee }، ويمكنه استخلاصه لاحقًا. نعيدك الآن إلى المتجر.
failed-heading = لم تتمّ عملية الدفع
failed-next = لم يُخصم أي مبلغ. عُد إلى المتجر لبدء عملية دفع جديدة.
failed-here = لم يُقتطع أي مبلغ. اطلب رمزًا جديدًا من التاجر.
expired-heading = انتهت مهلة الدفع
expired-next = عُد إلى المتجر لبدء عملية دفع جديدة. وإذا ظهر خصم لدى بنكك رغم ذلك، فسيُعاد إليك المبلغ تلقائيًا.
expired-here = اطلب رمزًا جديدًا من التاجر. وإن أظهر مصرفك اقتطاعًا فسيُعاد إليك تلقائيًا.
canceled-heading = أُلغيت عملية الدفع
canceled-next = لقد ألغيت هذه العملية، وسنعيدك الآن إلى المتجر.
canceled-here = ألغيت عملية الدفع هذه. يمكنك إغلاق هذه الصفحة.
back-to-shop = العودة إلى المتجر

## أسباب رفض البنك أو المحفظة

decline-funds = رُفض الدفع: الرصيد المتاح غير كافٍ.
decline-limit = رُفض الدفع: المبلغ يتجاوز سقف هذه البطاقة أو المحفظة.
decline-card = رُفض الدفع: بيانات البطاقة غير صحيحة، أو انتهت صلاحيتها.
decline-authentication = رُفض الدفع: لم يتمكّن بنكك من التأكّد من هويتك.
decline-other = رُفض الدفع.
decline-next = لم يُخصم أي مبلغ. أعد المحاولة، أو ادفع بطريقة أخرى.

## إشعارات

error-title = خطأ: { $title }
notice-card-unavailable = الدفع بالبطاقة غير متاح حاليًا. أعد المحاولة بعد لحظات، أو ادفع بطريقة أخرى.
notice-too-many-cards = محاولات كثيرة بالبطاقة. لا تُقبل بطاقة أخرى لهذا الدفع حاليًا: ادفع بطريقة أخرى، أو عد إلى المتجر وابدأ من جديد.
notice-wallet-unavailable = المحفظة غير متاحة حاليًا. أعد المحاولة بعد لحظات، أو ادفع بطريقة أخرى.
notice-phone-invalid = تحقّق من هذا الرقم: نحتاج إلى الأرقام الثمانية لهاتف جوال تونسي.
notice-too-many-codes = طُلبت رموز كثيرة. أعد المحاولة لاحقًا، أو ادفع بطريقة أخرى.
notice-attempt-abandoned = لقد تركت طريقة الدفع السابقة. اختر كيف تودّ المتابعة.
notice-open-elsewhere = هذه العملية جارية بالفعل في نافذة أخرى. أتمّها هناك، أو تابع هنا.
notice-bank-undecided = لم يُجب البنك بعد، لذلك لا يمكن تغيير هذه العملية أو إلغاؤها الآن. أعد المحاولة بعد لحظات.
notice-code-malformed = أدخل الأرقام الستة للرمز الذي وصلك.
notice-code-wrong = هذا الرمز غير صحيح.
notice-code-expired = انتهت صلاحية هذا الرمز. اطلب رمزًا آخر.
notice-code-tries-used = أُدخلت رموز خاطئة كثيرة، فلم يعد هذا الرمز صالحًا. ابدأ من جديد، أو ادفع بطريقة أخرى.
notice-code-resent = رمز آخر في طريقه إليك، ولم يعد الرمز السابق صالحًا.
notice-resend-early = لم يحن بعد وقت طلب رمز آخر. المدة المتبقية: { $wait }.
notice-form-refused = حرصًا على أمانك انتهت صلاحية هذا النموذج ولم يُنفَّذ أي شيء. أعد المحاولة من فضلك.

## حين يتعذّر عرض الصفحة

not-found-heading = عملية الدفع هذه غير موجودة
not-found-next = تأكّد من أن الرابط كامل، أو اطلب رابطًا جديدًا من المتجر.
form-refused-heading = تعذّر قبول هذا النموذج
form-refused-next = انتهت صلاحيته، أو ورد من موقع آخر. لم يُنفَّذ أي شيء: عُد إلى صفحة الدفع وأعد المحاولة.
bad-request-heading = تعذّرت قراءة هذا الطلب
bad-request-next = لم يُنفَّذ أي شيء. عُد إلى صفحة الدفع وأعد المحاولة.
method-heading = لا تُفتح هذه الصفحة بهذه الطريقة
method-next = عُد إلى صفحة الدفع وتابع من هناك.
too-many-heading = محاولات كثيرة جدًا
too-many-next = لم يُنفَّذ أي شيء. انتظر دقيقة ثم أعد المحاولة.
unavailable-heading = الخدمة تحت ضغط كبير
unavailable-next = ربما سُجّل طلبك: عُد إلى صفحة الدفع لترى وضع العملية قبل أن تعيد المحاولة.
internal-heading = حدث خلل من جانبنا
internal-next = عُد إلى صفحة الدفع لترى وضع العملية قبل أن تعيد المحاولة.
problem-back = العودة إلى صفحة الدفع

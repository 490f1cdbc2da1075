# Français. Chaque clef existe aussi dans ar.ftl et en.ftl avec les mêmes arguments ; un test les compare.

## Sur toutes les pages

language-switch = Langue
test-mode = Mode test : aucun argent réel ne circule.
secured-by = Paiement sécurisé par Qisma
pay-to = Paiement à
time-left = Temps restant
last-minute = Il vous reste une minute pour payer.
or = ou

## Quantités

dinars = { $count ->
    [one] { $count } dinar
   *[other] { $count } dinars
}
millimes = { $count ->
    [one] { $count } millime
   *[other] { $count } millimes
}
amount-in-words = { $dinars } { $millimes }
hours = { $count ->
    [one] { $count } heure
   *[other] { $count } heures
}
minutes = { $count ->
    [one] { $count } minute
   *[other] { $count } minutes
}
seconds = { $count ->
    [one] { $count } seconde
   *[other] { $count } secondes
}
hours-and-minutes = { $hours } { $minutes }
under-a-minute = moins d’une minute
tries-left = { $count ->
    [one] Il vous reste { $count } essai.
   *[other] Il vous reste { $count } essais.
}

## Choisir comment payer

choose-heading = Choisissez comment payer
choose-heading-single = Finalisez votre paiement
wallet-heading = Portefeuille mobile
wallet-explained = Nous vous envoyons un code par SMS.
phone-label = Numéro de mobile
phone-hint = 8 chiffres, par exemple { $example }
wallet-submit = Recevoir le code par SMS
card-heading = Carte bancaire
card-explained = Vous payez sur la page sécurisée de la banque.
card-submit = Payer par carte
card-remembered = La banque gardera cette carte en mémoire pour vos prochains paiements à { $payee }. Ni la boutique ni nous ne voyons son numéro.
card-remembered-nameless = La banque gardera cette carte en mémoire pour vos prochains paiements à cette boutique. Ni la boutique ni nous ne voyons son numéro.
scan-heading = Scannez pour payer par portefeuille
scan-explained = Scannez ce code avec votre application de portefeuille, sur ce téléphone ou un autre : il mène à ce paiement.
scan-described = Code QR pour payer { $amount } à { $payee }
cancel-submit = Annuler et revenir à la boutique
cancel-here = Annuler le paiement

## Saisir le code

code-heading = Saisissez votre code
code-sent = Si le numéro se terminant par { $ending } a un portefeuille, un code à six chiffres lui parvient par SMS.
code-label = Code à six chiffres
code-lifetime = Le code est valable { $minutes }.
code-secret = Ne le donnez à personne, ni à la boutique, ni à nous.
code-submit = Payer { $amount }
resend-heading = Pas encore de message ?
resend-wait = Vous pourrez demander un autre code dans { $wait }.
resend-submit = Envoyer un autre code
change-submit = Choisir un autre moyen de paiement

## Dans le SMS

code-message = { $code } : votre code pour payer { $amount } à { $payee }. Ne le donnez à personne.
code-message-nameless = { $code } : votre code pour payer { $amount }. Ne le donnez à personne.

## Un paiement par carte en cours

card-open-heading = Votre paiement par carte est en cours à la banque
card-open-explained = Continuez sur la page de la banque pour terminer. Si vous venez d’y payer, vérifiez dans un instant plutôt que de payer deux fois.
card-open-link = Continuer vers la banque
card-open-check = J’ai payé : vérifier
issuer-heading = Confirmez votre identité
issuer-explained = La banque de votre carte veut s’assurer que c’est bien vous qui payez. Continuez vers sa page.
leaving-heading = Nous vous conduisons à la banque
leaving-explained = La page sécurisée de la banque s’ouvre maintenant. Si rien ne se passe, utilisez le bouton.

## Issues

waiting-heading = Nous vérifions auprès de la banque
waiting-explained = Ne payez pas une seconde fois. Cette page s’actualise automatiquement.
waiting-close = Vous pouvez aussi la fermer : la boutique sera prévenue dès que la banque aura répondu.
paid-heading = Paiement effectué
paid-explained = Votre paiement à { $payee } a bien été effectué. Nous vous ramenons à la boutique.
paid-here = Votre paiement à { $payee } est effectué. Vous pouvez fermer cette page.
authorized-heading = Paiement autorisé
authorized-explained = Le montant est réservé pour { $payee }, qui pourra l’encaisser plus tard. Nous vous ramenons à la boutique.
failed-heading = Le paiement n’a pas abouti
failed-next = Rien n’a été débité. Revenez à la boutique pour recommencer.
failed-here = Rien n’a été prélevé. Demandez un nouveau code au marchand.
expired-heading = Le délai de paiement est dépassé
expired-next = Revenez à la boutique pour recommencer. Si votre banque affiche tout de même un débit, il vous sera rendu automatiquement.
expired-here = Demandez un nouveau code au marchand. Si votre banque affiche encore un débit, il vous sera restitué automatiquement.
canceled-heading = Paiement annulé
canceled-next = Vous avez annulé ce paiement. Nous vous ramenons à la boutique.
canceled-here = Vous avez annulé ce paiement. Vous pouvez fermer cette page.
back-to-shop = Revenir à la boutique

## Pourquoi une banque ou un portefeuille a refusé

decline-funds = Paiement refusé : la somme disponible ne suffit pas.
decline-limit = Paiement refusé : il dépasse le plafond de cette carte ou de ce portefeuille.
decline-card = Paiement refusé : les données de la carte sont inexactes, ou elle a expiré.
decline-authentication = Paiement refusé : votre banque n’a pas pu confirmer que c’était bien vous.
decline-other = Paiement refusé.
decline-next = Rien n’a été débité. Réessayez, ou payez autrement.

## Avis

error-title = Erreur : { $title }
notice-card-unavailable = Carte indisponible. Réessayez dans un instant, ou payez autrement.
notice-too-many-cards = Trop de tentatives par carte. Ce paiement n’accepte plus de carte pour le moment : payez autrement, ou retournez à la boutique et recommencez.
notice-wallet-unavailable = Le portefeuille est indisponible. Réessayez dans un instant, ou payez autrement.
notice-phone-invalid = Vérifiez ce numéro : il nous faut les 8 chiffres d’un mobile tunisien.
notice-too-many-codes = Trop de codes ont été demandés. Réessayez plus tard, ou payez autrement.
notice-attempt-abandoned = Vous avez quitté le moyen de paiement précédent. Choisissez comment continuer.
notice-open-elsewhere = Ce paiement est déjà en cours dans une autre fenêtre. Terminez-le là-bas, ou continuez ici.
notice-bank-undecided = La banque n’a pas encore répondu : ce paiement ne peut être ni modifié ni annulé pour l’instant. Réessayez dans un instant.
notice-code-malformed = Saisissez les six chiffres du code reçu.
notice-code-wrong = Ce n’est pas le bon code.
notice-code-expired = Ce code a expiré. Demandez-en un autre.
notice-code-tries-used = Trop de codes erronés : ce code ne fonctionne plus. Recommencez, ou payez autrement.
notice-code-resent = Un autre code est en route. Le précédent ne fonctionne plus.
notice-resend-early = Attendez encore { $wait } avant de demander un autre code.
notice-form-refused = Par sécurité, ce formulaire avait expiré et rien n’a été fait. Veuillez réessayer.

## Quand la page ne peut être montrée

not-found-heading = Ce paiement n’existe pas
not-found-next = Vérifiez que le lien est complet, ou demandez-en un nouveau à la boutique.
form-refused-heading = Ce formulaire n’a pas pu être accepté
form-refused-next = Il avait expiré, ou venait d’un autre site. Rien n’a été fait : revenez au paiement et réessayez.
bad-request-heading = Nous n’avons pas pu lire cette demande
bad-request-next = Rien n’a été fait. Revenez au paiement et réessayez.
method-heading = Cette page ne s’ouvre pas de cette façon
method-next = Revenez au paiement et continuez à partir de là.
too-many-heading = Trop de tentatives
too-many-next = Rien n’a été fait. Attendez une minute, puis réessayez.
unavailable-heading = Le service est très sollicité
unavailable-next = Votre demande a pu être enregistrée : revenez au paiement pour voir où il en est avant de réessayer.
internal-heading = Un problème est survenu de notre côté
internal-next = Revenez au paiement pour voir où il en est avant de réessayer.
problem-back = Revenir au paiement
